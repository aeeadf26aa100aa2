"""Split rules: a split never divides a physical item, and the same ids give the same split on every machine."""

from __future__ import annotations

import hashlib
from collections import Counter

import pandas as pd

from .errors import DatasetError
from .table import check_groups

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
    """Deal the items to `parts` parts that are alike in the number of images of every class, the rarest class first.

    The odd items come first, the largest ahead, and go to the last parts; those of the commonest kind then fill all
    parts up, so that the first part, which the single split tests, holds few others or none. The order within a kind
    is that of a hash of the item's name.
    """
    images = Counter(table["label"])
    classes = sorted(images, key=lambda label: (images[label], label))
    items = {str(group): Counter(labels) for group, labels in table.groupby("group")["label"]}
    if len(items) < parts:
        raise DatasetError(f"{len(items)} items cannot be dealt to {parts} folds")
    kinds = {group: tuple(labels[one] for one in classes) for group, labels in items.items()}
    ((common, _),) = Counter(sorted(kinds.values())).most_common(1)
    dealt = [[0] * len(classes) for _ in range(parts)]
    part = {}
    for group in sorted(kinds, key=lambda group: (kinds[group] == common, _negative(kinds[group]), _hash(salt, group))):
        kind = kinds[group]
        fullness = [
            (
                *(has for has, more in zip(there, kind, strict=True) if more),
                sum(there),
                number if kind == common else -number,
            )
            for number, there in enumerate(dealt)
        ]
        part[group] = fullness.index(min(fullness))
        dealt[part[group]] = [has + more for has, more in zip(dealt[part[group]], kind, strict=True)]
    return table["group"].map(part)


def _negative(kind: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-number for number in kind)


def _hash(salt: str, group: str) -> str:
    return hashlib.sha256(f"{salt}\0{group}".encode()).hexdigest()
