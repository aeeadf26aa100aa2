"""The error of this package."""


class BenchError(Exception):
    """Says what is wrong with a run, a classifier or a command, where, and what to do."""
