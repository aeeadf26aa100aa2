"""Runs: what is asked for, which classifiers that needs, and the cells that come out of it."""
