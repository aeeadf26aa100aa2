"""A copy of a dataset on this machine, read as every command reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .grouping import group_by, join_near_duplicates, merge_kinds
from .recoding import recode_masks
from .registry import Dataset, get_dataset, reads_masks
from .roots import cache_folder, find_root


@dataclass(frozen=True)
class LocalCopy:
    """A dataset, where it is, and what its user says of it.

    Attributes:
        dataset: what it is a copy of.
        root: its folder, or the table of samples.
        group_by: regular expression on an image's id that gives its physical item; empty for the set's own items.
        one_kind: call every kind of defect "defect".
        mask_above: value of a mask, in the file's own values, above which a pixel is defective; None: as it is read.
    """

    dataset: Dataset
    root: Path
    group_by: str = ""
    one_kind: bool = False
    mask_above: float | None = None

    @property
    def title(self) -> str:
        """Return the name of the root where a copy is called after it; empty for other datasets."""
        if not self.dataset.called_after_root:
            return ""
        root = self.root.resolve()
        return root.stem if root.is_file() else root.name

    @property
    def name(self) -> str:
        """Return what it is called: its title, or the name of the dataset."""
        return self.title or self.dataset.name

    def samples(self) -> pd.DataFrame:
        """Return its sample table, with near-duplicate items as one.

        Raises:
            DatasetError: the root has another layout, or its images cannot be grouped.
        """
        table = self.own_items()
        # The items of a generated dataset differ by construction.
        return table if self.dataset.generated else join_near_duplicates(table)

    def own_items(self) -> pd.DataFrame:
        """Return its sample table with the items that its files or its user name.

        Raises:
            DatasetError: the root has another layout, or its images cannot be grouped.
        """
        table = self._read()
        if self.mask_above is not None:
            table = recode_masks(table, self.mask_above, cache_folder() / "masks")
        if self.group_by:
            table = group_by(table, self.group_by)
        return merge_kinds(table) if self.one_kind else table

    def _read(self) -> pd.DataFrame:
        load = self.dataset.samples
        if self.mask_above is not None and reads_masks(load):
            return load(self.root, mask_above=self.mask_above)
        return load(self.root)


def find_copy(
    name: str,
    root: Path | None = None,
    *,
    group_by: str = "",
    one_kind: bool = False,
    mask_above: float | None = None,
) -> LocalCopy:
    """Find the copy of the dataset `name`; the arguments are those of `LocalCopy`, and the root that of `find_root`.

    Raises:
        DatasetError: there is no such dataset, or it is not where it should be.
    """
    dataset = get_dataset(name)
    return LocalCopy(dataset, find_root(dataset, root), group_by, one_kind, mask_above)
