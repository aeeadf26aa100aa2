"""Classifiers: build, train, save and load."""
