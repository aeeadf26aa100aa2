"""Intervals of pooled metrics: the bootstrap over physical items.

Images of one item are alike, and classifiers of several folds and seeds may have seen the same item. So items are
drawn, each with all pixels that were counted on it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from results.errors import ResultError
from results.metrics.counts import Counts, FloatArray
from results.metrics.thresholds import IntArray

RESAMPLES = 2000
"""With so many, the ends of an interval differ by a few hundredths of its width from one seed to another."""
DRAWN_AT_ONCE = 2_000_000
"""Items (times seeds) that are drawn at once; each takes a few dozen bytes of memory."""


def per_item(counts: Counts, groups: Sequence[str]) -> Counts:
    """Sum the pixel counts of all images of each physical item, over all classifiers.

    Args:
        counts: of N images.
        groups: the item of each image.

    Returns:
        Counts of shape (items,), in the order of the items' names.

    Raises:
        ResultError: there is not one item for each image.

    >>> counts = Counts(*np.arange(12).reshape(4, 3))
    >>> per_item(counts, ["b", "a", "b"]).tp
    array([1, 2])
    """
    if counts.tp.shape != (len(groups),):
        raise ResultError(f"counts of {counts.tp.shape} images and {len(groups)} items do not belong together")
    items, item = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)

    def summed(part: IntArray) -> IntArray:
        total = np.zeros(len(items), dtype=np.int64)
        np.add.at(total, item, part)
        return total

    return Counts(summed(counts.tp), summed(counts.fp), summed(counts.fn), summed(counts.tn))


def interval(
    by_item: Counts, formula: Callable[[Counts], FloatArray], level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Return the BCa bootstrap interval of a pooled metric.

    With few items the interval is too short: in simulations, 95 % intervals held the true value in 88 % of cases with
    10 items, and in 93 % with 50.

    Args:
        by_item: counts of shape (items,), see `per_item`; or (items, seeds) for the mean of the metric over the seeds,
            where an item is drawn with all its seeds.
        formula: of a metric over "pooled" counts, which works element by element.
        level: of confidence, 0 < level < 1.
        seed: of the resamples; with the same seed and number of items they are the same for every metric.

    Returns:
        Both ends, in the range of the metric; (nan, nan) with fewer than two items, and where the metric is undefined
        on a resample.

    >>> from results.metrics.formulas import iou
    >>> tp = np.array([50, 60, 55, 40, 70, 65])
    >>> low, high = interval(Counts(tp, fp=50 - tp // 2, fn=100 - tp, tn=tp), iou)
    >>> round(low, 2), round(high, 2)
    (0.38, 0.54)
    """
    return _scalar(len(by_item.tp), lambda drawn: _pooled(by_item, formula, drawn), by_item.tp.size, level, seed)


def difference_interval(first: Counts, second: Counts, formula: Callable[[Counts], FloatArray]) -> tuple[float, float]:
    """Return the 95 % BCa bootstrap interval of the difference of a pooled metric, first minus second.

    Each item is drawn with the counts of both methods. With few items the interval is too short: in simulations it held
    the true difference in 87 % of cases with 10 items, and in 92 % with 50.

    Args:
        first: counts of one method, of shape (items,) or (items, seeds).
        second: counts of the other method, on the same items and with the same seeds.
        formula: of a metric over "pooled" counts, which works element by element.

    Returns:
        Both ends; (nan, nan) with fewer than two items, and where the metric is undefined on a resample.
    """

    def moved(drawn: IntArray) -> FloatArray:
        return _pooled(first, formula, drawn) - _pooled(second, formula, drawn)

    return _scalar(len(first.tp), moved, 2 * first.tp.size, 0.95, 0)


def bca(
    items: int, statistic: Callable[[IntArray], FloatArray], *, batch: int, level: float = 0.95, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return the BCa bootstrap interval of any statistic of drawn items.

    BCa is undefined where every resample gives the same value; both ends are then this value.

    Args:
        items: number of items, at least two.
        statistic: from indices of drawn items, (..., any number), to values, (...), or (M, ...) for M statistics on the
            same resamples.
        batch: number of resamples that are computed at once.
        level: of confidence, 0 < level < 1.
        seed: of the resamples.

    Returns:
        The lower ends and the upper ends, () or (M,).
    """
    with warnings.catch_warnings():
        # Where BCa is undefined, its ends are NaN: no warning is needed.
        warnings.simplefilter("ignore")
        found = stats.bootstrap(
            (np.arange(items),),
            lambda drawn, axis: statistic(drawn),  # noqa: ARG005  it is always the last
            axis=-1,
            n_resamples=RESAMPLES,
            batch=batch,
            vectorized=True,
            confidence_level=level,
            method="BCa",
            rng=np.random.default_rng(seed),
        )
    tails = [(1 - level) / 2, (1 + level) / 2]
    percentiles = np.quantile(found.bootstrap_distribution, tails, axis=-1)
    ends = np.stack([found.confidence_interval.low, found.confidence_interval.high])
    low, high = np.where(np.isnan(ends).any(axis=0), percentiles, ends)
    return low, high


def _scalar(
    items: int, statistic: Callable[[IntArray], FloatArray], drawn_each: int, level: float, seed: int
) -> tuple[float, float]:
    if items < 2:
        return math.nan, math.nan
    low, high = bca(items, statistic, batch=max(1, DRAWN_AT_ONCE // drawn_each), level=level, seed=seed)
    return float(low), float(high)


def _pooled(by_item: Counts, formula: Callable[[Counts], FloatArray], drawn: IntArray) -> FloatArray:
    """Return the metric over the drawn items, (..., items), as mean over the seeds."""
    parts = [part.reshape(len(part), -1) for part in (by_item.tp, by_item.fp, by_item.fn, by_item.tn)]
    values: FloatArray = formula(Counts(*(part[drawn].sum(-2) for part in parts))).mean(-1)
    return values
