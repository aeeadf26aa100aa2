"""What only the user knows about the images: which of them show the same item, and which kinds of defect are one."""

from __future__ import annotations

import re

import pandas as pd

from .errors import DatasetError
from .leaks import near_duplicates
from .table import GOOD, check_groups


def group_by(table: pd.DataFrame, pattern: str) -> pd.DataFrame:
    """Return `table` with each `group` read from the id: the first capture group of `pattern`, or else its whole match.

    Raises:
        DatasetError: `pattern` is no regular expression, does not match some ids, or an official split divides an
            item.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise DatasetError(f"the pattern {pattern!r} is no regular expression: {error}") from error
    matches = [expression.search(name) for name in table["id"]]
    groups = [(found[1 if expression.groups else 0] or "") if found else "" for found in matches]
    without = [name for name, group in zip(table["id"], groups, strict=True) if not group]
    if without:
        raise DatasetError(
            f"the pattern {pattern!r} finds no item in {len(without)} of {len(table)} ids, for example "
            f"{', '.join(without[:3])}"
        )
    table = table.assign(group=groups)
    check_groups(table)
    return table


def merge_kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with one defect class, ``defect``, in place of several."""
    return table.assign(label=table["label"].where(table["label"] == GOOD, "defect"))


def join_near_duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with items that show near-duplicates as one item, named after all of them, ``kos01+kos19``.

    Found by content, whatever the items are called: two copies of one part may have two numbers. A table with an
    official split is returned as it is, since that split may divide them. A file that cannot be read is like no other.
    """
    if (table["split"] != "").any():
        return table
    groups = table["group"].tolist()
    joined = {group: {group} for group in groups}
    for pair in filter(lambda pair: pair.nearly_equal, near_duplicates(table["image_path"].tolist(), strict=False)):
        first, second = joined[groups[pair.first]], joined[groups[pair.second]]
        if first is not second:
            first |= second
            joined |= dict.fromkeys(second, first)
    return table.assign(group=["+".join(sorted(joined[group])) for group in groups])
