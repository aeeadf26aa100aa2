"""Where datasets are on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from .errors import DatasetError
from .registry import Dataset

VARIABLE = "CAM_BENCH_DATA"


def cache_folder() -> Path:
    """Return the folder of what can be downloaded or computed again: generated images, archives, classifiers."""
    return platformdirs.user_cache_path("cam-bench", appauthor=False)


def find_root(dataset: Dataset, given: Path | None) -> Path:
    """Return the folder of `dataset`: the one given, else the set's in $CAM_BENCH_DATA, else in the cache.

    Where a dataset is called after its root, that may be a file too, a table of samples.

    Raises:
        DatasetError: there is no such folder, and the dataset is not generated.
    """
    parent = Path(os.environ[VARIABLE]) if VARIABLE in os.environ else cache_folder() / "data"
    root = given or parent / dataset.folder
    there = root.is_dir() or (dataset.called_after_root and root.is_file())
    if not dataset.generated and not there:
        raise DatasetError(
            f"{dataset.name} is not at {root}; get it from {dataset.url} and name its folder with --data-root, or "
            f"set {VARIABLE} to the folder that holds {dataset.folder}/"
        )
    return root
