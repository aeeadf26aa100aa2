"""The rows of a run's table, broken down: by image, by physical item, by size and by kind of defect."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from results.metrics.counts import COUNTS, Counts, counts_at
from results.metrics.formulas import iou
from results.metrics.scoring import thresholded, usable
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.bootstrap import interval
from results.store.cells import Cells

SIZES = 4
"""Number of size classes, which hold about equally many images."""


def image_table(cells: Cells, policy: ThresholdPolicy) -> pd.DataFrame:
    """Return a row for each method, seed and test image that could be read.

    Returns:
        ``spec``, ``fold``, ``seed``, ``image``, ``group``, ``label``, ``status``, ``reason``, the pixel counts ``tp``,
        ``fp``, ``fn`` and ``tn``, the ``threshold``, 0 to 255, and ``defect``, the area of the defect as a share of the
        image, 0 to 1.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    parts = []
    for spec in cells.frame["spec"].drop_duplicates():
        own = cells.where(cells.frame["spec"] == spec)
        known, cut = thresholded(own, policy)
        counts = counts_at(known.defect, known.other, cut, usable(known))
        facts = known.frame[["spec", "fold", "seed", "image", "group", "label", "status", "reason"]]
        parts.append(facts.assign(threshold=cut, **counts.columns()))
    table = pd.concat(parts, ignore_index=True)
    pixels = table[COUNTS].sum(axis=1)
    return table.assign(defect=(table["tp"] + table["fn"]) / pixels)


def item_interval(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the 95 % BCa interval of the pooled IoU over physical items, each drawn with all its seeds and folds.

    Args:
        rows: of one method on defective images, with ``group``, ``seed`` and the pixel counts.

    Returns:
        Both ends in [0, 1]; (nan, nan) with fewer than two items.
    """
    by_item = rows.pivot_table(index="group", columns="seed", values=COUNTS, aggfunc="sum", fill_value=0)
    return interval(Counts.of_table(by_item), iou)


def row_iou(table: pd.DataFrame) -> pd.Series[float]:
    """Return the IoU of each row of a table with pixel counts.

    >>> row_iou(pd.DataFrame({"tp": [6, 0], "fp": [10, 3], "fn": [4, 5], "tn": [80, 92]}, index=["a", "b"])).to_dict()
    {'a': 0.3, 'b': 0.0}
    """
    return pd.Series(iou(Counts.of_table(table)), index=table.index)


def size_classes(table: pd.DataFrame) -> pd.Series[Any]:
    """Return the size class of the defect in each row, as an ordered category; its names are ranges of the area.

    There are `SIZES` classes, and fewer where many defects have nearly the same size.

    Args:
        table: of `image_table`, defective images only.
    """
    sizes = 100 * table.groupby("image")["defect"].transform("max").to_numpy(dtype=np.float64)
    each = 100 * table.groupby("image")["defect"].max().to_numpy(dtype=np.float64)
    by_name: dict[str, float] = {}
    for end in np.quantile(each, np.linspace(0, 1, SIZES + 1)):
        by_name.setdefault(f"{end:.2g}", end)  # ends that look the same part nothing
    ends = list(by_name.values())
    names = [f"{low} to {high} %" for low, high in pairwise(by_name)] or [f"{name} %" for name in by_name]
    codes = np.clip(np.searchsorted(ends, sizes) - 1, 0, len(names) - 1)
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(names), ordered=True), index=table.index)


def pooled_iou(table: pd.DataFrame, part: pd.Series[Any]) -> pd.DataFrame:
    """Return the pooled IoU of each method within each part of the defective images.

    Args:
        table: of `image_table`, defective images only.
        part: the part of each row.

    Returns:
        A row for each method, in the order of `table`, and a column for each part: the mean over the seeds, in [0, 1].
    """
    sums = table.groupby([table["spec"], part.rename("part"), table["seed"]], observed=True)[COUNTS].sum()
    means = row_iou(sums).groupby(["spec", "part"], observed=True).mean().unstack("part")
    return means.loc[table["spec"].drop_duplicates()]
