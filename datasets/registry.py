"""The datasets that exist: a name and one function, `root -> sample table`, for each."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeGuard, TypeVar

import pandas as pd

from .errors import DatasetError

Samples = Callable[[Path], pd.DataFrame]
_SamplesT = TypeVar("_SamplesT", bound=Samples)


class SamplesOfPart(Protocol):
    """Reads a root folder into the sample table of one part, such as a category; of ``""``, what its set says."""

    def __call__(self, root: Path, *, part: str = "") -> pd.DataFrame: ...  # noqa: D102  the class says it


@dataclass(frozen=True)
class Dataset:
    """What is known of a dataset before its files are looked at.

    Attributes:
        name: the name on the command line; ``NAME:PART`` for a part of a set.
        samples: reads a root folder into a sample table (see `datasets.table`).
        size: input size (height, width) in pixels, the papers' where they name one.
        licence: the licence of the images.
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

    @property
    def folder(self) -> str:
        """Name of the root folder; all parts of a set lie in one."""
        return self.name.partition(":")[0]


DATASETS: dict[str, Dataset] = {}


def dataset(
    name: str, *, size: tuple[int, int], licence: str, citation: str, url: str, generated: bool = False
) -> Callable[[_SamplesT], _SamplesT]:
    """Register the decorated `root -> sample table` function under `name`.

    A function with a keyword-only `part: str = ""` is also found as ``NAME:PART``.
    """

    def register(samples: _SamplesT) -> _SamplesT:
        DATASETS[name] = Dataset(name, samples, size, licence, citation, url, generated)
        return samples

    return register


def get_dataset(name: str) -> Dataset:
    """Return the dataset called `name`, which may name a part: ``mvtec:bottle``.

    Raises:
        DatasetError: there is none, and the message names the near ones; or it has no parts. Whether this part
            exists is only known where the files are.
    """
    known, colon, part = name.partition(":")
    if known not in DATASETS:
        near = difflib.get_close_matches(known, DATASETS, n=3) or sorted(DATASETS)
        raise DatasetError(f"there is no dataset {known!r}; did you mean {', '.join(near)}?")
    found = DATASETS[known]
    if not colon:
        return found
    if not _has_parts(found.samples):
        raise DatasetError(f"{name!r} names a part, but {known} has no parts; write {known!r}")
    if not part:
        raise DatasetError(f"{name!r} names no part; write '{known}:PART'")
    return replace(found, name=name, samples=partial(found.samples, part=part))


def _has_parts(samples: Samples) -> TypeGuard[SamplesOfPart]:
    return "part" in inspect.signature(samples).parameters
