"""The page of a run: a folder of files that a browser opens from disk."""

from reports.page.writing import write

__all__ = ["write"]
