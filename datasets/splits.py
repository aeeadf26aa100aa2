"""Split rules: a split never divides a physical item, and the same ids give the same split on every machine."""

from __future__ import annotations

import hashlib
from collections import Counter

import pandas as pd

from .errors import DatasetError
from .table import GOOD, check_groups

PARTS = 5
"""One fifth of the items is tested, and one fifth of the rest is for validation."""


def assign(table: pd.DataFrame, *, folds: int = 0, fold: int = 0) -> pd.DataFrame:
    """Return `table` with every `split` filled: train, val or test.

    Args:
        table: a sample table, with or without an official split.
        folds: 0 for a single split: the official one, or else the first of five folds. Otherwise the number of folds;
            every item is tested in exactly one of them.
        fold: number of the fold, from 0 up.

    Raises:
        DatasetError: there are fewer items than folds, or no such fold.
    """
    if not 0 <= fold < max(folds, 1):
        raise DatasetError(f"fold {fold} of {folds} does not exist")
    table = table.copy()
    if folds or (table["split"] == "").any():
        table["split"] = _parts(table, folds or PARTS, "test").eq(fold).map({True: "test", False: "train"})
    if "val" not in set(table["split"]):
        training = table[table["split"] == "train"]
        validation = training.index[_parts(training, PARTS, "val") == 0]
        table.loc[validation, "split"] = "val"
    check_groups(table)
    return table


def split_fingerprint(table: pd.DataFrame) -> str:
    """Return 16 hex digits that stand for which image is in which split."""
    pairs = sorted(f"{row.id}\0{row.split}" for row in table.itertuples(index=False))
    return hashlib.sha256("\n".join(pairs).encode()).hexdigest()[:16]


def _parts(table: pd.DataFrame, parts: int, salt: str) -> pd.Series[int]:
    """Deal the items to `parts` parts of equal size, with similar labels, numbers of images and numbers of defects.

    Items are dealt kind by kind, the most frequent kind first. The order within a kind is that of a hash of the
    item's name.
    """
    items = table.groupby("group", sort=True)
    if len(items) < parts:
        raise DatasetError(f"{len(items)} items cannot be dealt to {parts} folds")
    kinds = {
        str(group): (tuple(sorted(rows["label"].unique())), int((rows["label"] != GOOD).sum()), len(rows))
        for group, rows in items
    }
    common = Counter(kinds.values())
    order = sorted(kinds, key=lambda group: (-common[kinds[group]], kinds[group], _shuffled(salt, group)))
    part = {group: number % parts for number, group in enumerate(order)}
    return table["group"].map(part)


def _shuffled(salt: str, group: str) -> str:
    return hashlib.sha256(f"{salt}\0{group}".encode()).hexdigest()
