"""What stands behind the rows of a run's table: every image, items for intervals, sizes and kinds of defects."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from results.metrics.formulas import Counts, counts_at, iou
from results.metrics.scoring import thresholded, usable
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.bootstrap import interval
from results.store.cells import Cells

COUNTS = ["tp", "fp", "fn", "tn"]
SIZES = 4
"""Classes of size, each with about as many images."""


def image_table(cells: Cells, policy: ThresholdPolicy) -> pd.DataFrame:
    """Return one row for each test image that was read, each method and each seed.

    Returns:
        ``spec``, ``fold``, ``seed``, ``image``, ``group``, ``label``, ``status``, ``reason``, the pixel counts ``tp``,
        ``fp``, ``fn`` and ``tn``, the ``threshold``, 0 to 255, and ``defect``, the share of the image that is
        defective, 0 to 1.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    parts = []
    for spec in cells.frame["spec"].drop_duplicates():
        own = cells.where(cells.frame["spec"] == spec)
        known, cut = thresholded(own, policy)
        counts = counts_at(known.defect, known.other, cut, usable(known))
        facts = known.frame[["spec", "fold", "seed", "image", "group", "label", "status", "reason"]]
        parts.append(facts.assign(threshold=cut, **{name: getattr(counts, name) for name in COUNTS}))
    table = pd.concat(parts, ignore_index=True)
    pixels = table[COUNTS].sum(axis=1)
    return table.assign(defect=(table["tp"] + table["fn"]) / pixels)


def item_interval(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the 95 % BCa interval of the pooled IoU over physical items, each drawn with all its seeds and folds.

    Args:
        rows: of one method on defective images; ``group``, ``seed`` and the pixel counts.

    Returns:
        Both ends in [0, 1]; (nan, nan) with fewer than two items.
    """
    by_item = rows.pivot_table(index="group", columns="seed", values=COUNTS, aggfunc="sum", fill_value=0)
    return interval(pixel_counts(by_item), iou)


def pixel_counts(rows: pd.DataFrame | pd.Series[Any]) -> Counts:
    """Return the columns of pixel counts as `Counts`."""
    return Counts(*(np.asarray(rows[name], dtype=np.int64) for name in COUNTS))


def size_classes(table: pd.DataFrame) -> pd.Series[Any]:
    """Return the class of size of each row's defect, ordered; of defects of nearly one size there are fewer classes.

    Args:
        table: of `image_table`, defective images alone.
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
        table: of `image_table`, defective images alone.
        part: the part of each row.

    Returns:
        A row a method, in the order of `table`; a column a part; the mean over the seeds, in [0, 1].
    """
    sums = table.groupby([table["spec"], part.rename("part"), table["seed"]], observed=True)[COUNTS].sum()
    values = pd.Series(iou(pixel_counts(sums)), index=sums.index)
    means = values.groupby(["spec", "part"], observed=True).mean().unstack("part")
    return means.loc[table["spec"].drop_duplicates()]
