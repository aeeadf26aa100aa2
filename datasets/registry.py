"""The datasets that exist: a name and one function, `root -> sample table`, for each."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from datasets.errors import DatasetError

Samples = Callable[[Path], pd.DataFrame]


@dataclass(frozen=True)
class Dataset:
    """What is known of a dataset before its files are looked at.

    Attributes:
        name: the name on the command line.
        samples: reads a root folder into a sample table (see `datasets.table`).
        size: input size (height, width) in pixels, the papers' where they name one.
        licence: the licence of the photographs.
        citation: the paper to cite.
        url: where the official copy is.
        generated: the samples are made on the fly, so no root has to exist.
    """

    name: str
    samples: Samples
    size: tuple[int, int]
    licence: str
    citation: str
    url: str
    generated: bool = False


DATASETS: dict[str, Dataset] = {}


def dataset(
    name: str, *, size: tuple[int, int], licence: str, citation: str, url: str, generated: bool = False
) -> Callable[[Samples], Samples]:
    """Register the decorated `root -> sample table` function under `name`."""

    def register(samples: Samples) -> Samples:
        DATASETS[name] = Dataset(name, samples, size, licence, citation, url, generated)
        return samples

    return register


def get_dataset(name: str) -> Dataset:
    """Return the dataset called `name`.

    Raises:
        DatasetError: there is none; the message names the near ones.
    """
    if name not in DATASETS:
        near = difflib.get_close_matches(name, DATASETS, n=3) or sorted(DATASETS)
        raise DatasetError(f"there is no dataset {name!r}; did you mean {', '.join(near)}?")
    return DATASETS[name]
