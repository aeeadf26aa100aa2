"""The sample table: what is known of every image of a dataset before any image is read.

It is a pandas frame with the columns of `COLUMNS` and one row per image:

* `id`: unique name of the image, e.g. ``kos01/Part5``.
* `group`: the physical item that the image shows; a split never divides a group.
* `split`: ``train``, ``val`` or ``test``; empty where the dataset has no official split.
* `label`: ``good``, or the name of the defect class.
* `image_path`, `mask_path`: files; the mask path of a defective image is empty where its mask is not known, and that
  of a good image is always empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from .errors import DatasetError

COLUMNS = ("id", "group", "split", "label", "image_path", "mask_path")
SPLITS = ("train", "val", "test")
GOOD = "good"


def sample_table(rows: list[dict[str, str]], root: Path) -> pd.DataFrame:
    """Build a checked sample table from `rows`, sorted by id.

    Args:
        rows: one dictionary per image, with the keys of `COLUMNS`.
        root: the folder that was read, for messages.

    Raises:
        DatasetError: there are no rows, ids repeat, or a split divides a group.
    """
    if not rows:
        raise DatasetError(f"no images found in {root}: is this the dataset's folder?")
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("id", ignore_index=True)
    repeated = table["id"][table["id"].duplicated()].tolist()
    if repeated:
        raise DatasetError(f"ids must be unique in {root}, these repeat: {', '.join(repeated[:5])}")
    check_groups(table)
    return table


def rows_of(read: Callable[..., dict[str, str]], images: Iterable[tuple[Any, ...]]) -> list[dict[str, str]]:
    """Return the row that `read` makes of each image.

    Args:
        read: makes a row, a dictionary with the keys of `COLUMNS`.
        images: the arguments of `read` for each image.

    Raises:
        DatasetError: `read` raised it for some images; the message lists all that is wrong.
    """
    rows, wrong = [], []
    for arguments in images:
        try:
            rows.append(read(*arguments))
        except DatasetError as error:
            wrong.append(str(error))
    if wrong:
        raise DatasetError("\n".join(wrong))
    return rows


def check_groups(table: pd.DataFrame) -> None:
    """Raise `DatasetError` where a split divides a physical item."""
    parts = table.groupby("group")["split"].nunique()
    divided = parts.index[parts > 1].tolist()
    if divided:
        raise DatasetError(f"a split divides {len(divided)} items, for example {divided[0]}")


def classes_of(table: pd.DataFrame) -> tuple[str, ...]:
    """Return the class names: ``good`` first, if there are good images, then the defect classes in alphabetical order.

    Without good images the classes are the kinds of defect, which are told from each other.
    """
    return tuple(sorted(set(table["label"]), key=lambda label: (label != GOOD, label)))


def unmasked(table: pd.DataFrame) -> pd.Series[bool]:
    """Tell for each row whether it shows a defect whose mask is not known."""
    return (table["label"] != GOOD) & (table["mask_path"] == "")


def fingerprint(table: pd.DataFrame) -> str:
    """Return 16 hex digits that stand for this copy: its ids, groups, labels and the bytes of all its files."""
    digest = hashlib.sha256()
    columns = ["id", "group", "label", "image_path", "mask_path"]
    for name, group, label, *paths in table[columns].itertuples(index=False, name=None):
        digest.update(f"{name}\0{group}\0{label}\0".encode())
        for path in filter(None, paths):
            digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()[:16]
