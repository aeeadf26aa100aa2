"""The error of this package."""


class DatasetError(Exception):
    """Says what is wrong with a dataset, where, and what to do."""
