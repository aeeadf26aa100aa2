"""The datasets that exist: for each a name, what is known of it, and one function, `root -> sample table`."""

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
Write = Callable[[Path], None]


class SamplesOfPart(Protocol):
    """Reads a root folder into the sample table of one part, such as a category; ``""`` stands for no part."""

    def __call__(self, root: Path, *, part: str = "") -> pd.DataFrame: ...  # noqa: D102  the class says it


class SamplesByMask(Protocol):
    """Reads a root folder whose masks, where they are above a value, say which images show a defect."""

    def __call__(self, root: Path, *, mask_above: float = 0) -> pd.DataFrame: ...  # noqa: D102  the class says it


@dataclass(frozen=True)
class Archive:
    """The official archive of a dataset.

    Attributes:
        name: its file name.
        inside: a folder at the top of the dataset; the archive may hold it at any depth.
        url: its direct address; empty where only a person can get it.
        checksum: ``md5:`` or ``sha256:`` and hex digits; empty where none is published.
        by_hand: why a person has to get it; empty where `url` leads to it.
    """

    name: str
    inside: str
    url: str = ""
    checksum: str = ""
    by_hand: str = ""


@dataclass(frozen=True)
class Dataset:
    """What is known of a dataset before its files are looked at.

    Attributes:
        name: the name on the command line; ``NAME:PART`` for a part of a set.
        samples: reads a root folder into a sample table (see `datasets.table`).
        size: default input size (height, width) in pixels, from the set's papers where they name one.
        licence: the licence of the images.
        citation: the paper to cite.
        url: the page of the official copy.
        archive: what can be fetched; None where the images are generated or the user's own.
        generated: the images are made when they are asked for, so the root need not exist.
        called_after_root: the images are anybody's own, so that each copy is called after its folder or file.
    """

    name: str
    samples: Samples
    size: tuple[int, int]
    licence: str
    citation: str
    url: str
    archive: Archive | None = None
    generated: bool = False
    called_after_root: bool = False

    @property
    def folder(self) -> str:
        """Name of the root folder; all parts of a set share one."""
        return self.name.partition(":")[0]


@dataclass(frozen=True)
class FakeTree:
    """A folder laid out like a dataset, with a few tiny files: what the tests of every dataset read.

    Attributes:
        name: the dataset that it is read as, with a part where the set is read by parts.
        write: writes it into a folder.
    """

    name: str
    write: Write


DATASETS: dict[str, Dataset] = {}
FAKE_TREES: dict[str, FakeTree] = {}
"""By the name of the dataset and that of the function which writes the tree."""


def dataset(
    name: str,
    *,
    size: tuple[int, int],
    licence: str,
    citation: str,
    url: str,
    archive: Archive | None = None,
    generated: bool = False,
    called_after_root: bool = False,
) -> Callable[[_SamplesT], _SamplesT]:
    """Register the decorated `root -> sample table` function under `name`.

    The arguments are those of `Dataset`. A function with a keyword-only `part: str = ""` is also found as
    ``NAME:PART``.

    Raises:
        DatasetError: the name is taken, or cannot be the name of a folder.
    """
    if not name or set(name) & set(":/\\, "):
        raise DatasetError(f"a dataset cannot be called {name!r}: its folder has the same name")
    if name in DATASETS:
        raise DatasetError(f"there is a dataset called {name!r} already; give yours another name")

    def register(samples: _SamplesT) -> _SamplesT:
        DATASETS[name] = Dataset(name, samples, size, licence, citation, url, archive, generated, called_after_root)
        return samples

    return register


def fake_tree(name: str) -> Callable[[Write], Write]:
    """Register the decorated function as the writer of a fake tree that is read as the dataset `name`.

    A dataset may have several; see `datasets.fake_files` for the files to put into it.

    Raises:
        DatasetError: there is no such dataset.
    """
    get_dataset(name)

    def register(write: Write) -> Write:
        FAKE_TREES[f"{name} by {write.__name__}"] = FakeTree(name, write)
        return write

    return register


def get_dataset(name: str) -> Dataset:
    """Return the dataset called `name`, which may name a part: ``mvtec:bottle``.

    Raises:
        DatasetError: there is none, and the message names the near ones; or it has no parts. Whether the part
            itself exists is only known where the files are.
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


def reads_masks(samples: Samples) -> TypeGuard[SamplesByMask]:
    """Tell whether a loader looks into masks, and so has to know above which value a pixel is defective."""
    return "mask_above" in inspect.signature(samples).parameters


def _has_parts(samples: Samples) -> TypeGuard[SamplesOfPart]:
    return "part" in inspect.signature(samples).parameters
