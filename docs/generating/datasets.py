"""The datasets that are registered."""

from __future__ import annotations

from pathlib import Path

from bench.own import datasets
from docs.generating.writing import write_page


def write_datasets(folder: Path) -> None:
    """Write the page about datasets, with a table of those that are registered."""
    known = [datasets.DATASETS[name] for name in sorted(datasets.DATASETS)]
    write_page(folder / "datasets.md", "datasets.md", datasets=known)
