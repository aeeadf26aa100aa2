"""Intervals and tests: how certain a number is, and whether two methods or two runs differ."""
