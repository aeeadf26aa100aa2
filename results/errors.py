"""The error of this package."""


class ResultError(Exception):
    """Says what is wrong with a result, where, and what to do."""
