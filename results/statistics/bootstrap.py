"""How sure a pooled number is: the bootstrap over physical items.

Images of one item are alike, and the classifiers of several folds and seeds may look at the same one. So items are
drawn, each with all the pixels that were counted on it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from results.errors import ResultError
from results.metrics.formulas import Counts, FloatArray
from results.metrics.thresholds import IntArray

RESAMPLES = 2000
"""The ends of an interval then move by a few hundredths of its width from one seed to another."""
DRAWN_AT_ONCE = 2_000_000
"""Items, each with its seeds; the memory for it is a few dozen bytes each."""


def per_item(counts: Counts, groups: Sequence[str]) -> Counts:
    """Sum the pixel counts of all images of each physical item, whichever classifier they were scored with.

    Args:
        counts: of N images.
        groups: the item of each.

    Returns:
        Counts of shape (items,), in the order of the items' names.

    Raises:
        ResultError: there is not one item an image.
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

    With few items the interval is too short: of 95 % intervals, simulated ones held the true value in 88 % of cases
    with 10 items, in 93 % with 50.

    Args:
        by_item: counts of shape (items,), see `per_item`; or (items, seeds) for the mean over the seeds' metrics, where
            an item is drawn with all its seeds.
        formula: of a metric over "pooled" counts; it works element by element.
        level: of confidence, 0 < level < 1.
        seed: of the resamples; the same seed and number of items draw the same ones, whatever the metric.

    Returns:
        Both ends in the metric's own range; (nan, nan) with fewer than two items, and where the metric is
        undefined on a resample.
    """
    return _scalar(len(by_item.tp), lambda drawn: _pooled(by_item, formula, drawn), by_item.tp.size, level, seed)


def difference_interval(first: Counts, second: Counts, formula: Callable[[Counts], FloatArray]) -> tuple[float, float]:
    """Return the 95 % BCa bootstrap interval of the difference of a pooled metric, first minus second.

    Each item is drawn with the counts of both methods. With few items the interval is too short: simulated ones held
    the true difference in 87 % of cases with 10 items, in 92 % with 50.

    Args:
        first: counts of shape (items,), or (items, seeds), of one method.
        second: of the other, on the same items and with the same seeds.
        formula: of a metric over "pooled" counts; it works element by element.

    Returns:
        Both ends; (nan, nan) with fewer than two items, and where the metric is undefined on a resample.
    """

    def moved(drawn: IntArray) -> FloatArray:
        return _pooled(first, formula, drawn) - _pooled(second, formula, drawn)

    return _scalar(len(first.tp), moved, 2 * first.tp.size, 0.95, 0)


def bca(
    items: int, statistic: Callable[[IntArray], FloatArray], *, batch: int, level: float = 0.95, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return the BCa bootstrap interval of anything that is computed from drawn items.

    Where every resample gives the same number BCa is undefined, and the ends are percentiles: that number.

    Args:
        items: how many there are, at least two.
        statistic: from places of drawn items, (..., any number), to (...), or to (M, ...) for M statistics on the same
            resamples.
        batch: resamples that are computed at once.
        level: of confidence, 0 < level < 1.
        seed: of the resamples.

    Returns:
        The lower ends and the upper ends, () or (M,).
    """
    with warnings.catch_warnings():
        # That BCa is undefined is seen in what it returns.
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
    """Return the metric of the drawn items, (..., items), in the mean over the seeds."""
    parts = [part.reshape(len(part), -1) for part in (by_item.tp, by_item.fp, by_item.fn, by_item.tn)]
    values: FloatArray = formula(Counts(*(part[drawn].sum(-2) for part in parts))).mean(-1)
    return values
