"""The paired permutation test: were it no matter which of two methods is which, how often would they differ so much?

The unit is the physical item with its classifiers. Within an item the two methods' pixel counts are swapped or not, at
random; the statistic is the difference of the pooled IoU. Simulated at the 5 % level, with 10 items as with 50, two
methods that are alike were called different in 4.8 % of cases, and in 6.7 % where the true IoU is the same but one
method varies twice as much from item to item.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from results.metrics.formulas import BoolArray, Counts, FloatArray, iou
from results.statistics.pairing import Pairing

LEVEL = 0.05
"""Of error, over all comparisons that are made at once."""
SWAPS = 9999
"""That are drawn where not all of them can be tried."""
SWAPS_A_COMPARISON = 400
"""At least, so that the smallest p of drawn swaps is a tenth of the level that is left after a correction."""
AT_ONCE = 4_000_000
"""Differences that are held at once, 8 bytes each."""


def swap_tests(pairings: Sequence[Pairing]) -> FloatArray:
    """Return the two-sided p of each pairing, (pairings,), uncorrected.

    All swaps are tried where there are few, else drawn with a fixed seed; the same ones for all pairings.
    """
    items = sorted({item for pairing in pairings for item in pairing.items})
    if len(items) < 2:
        return np.ones(len(pairings))
    first, second, column = _aligned(pairings, items)
    # With signs of +1 and -1 for kept and swapped, the counts of either method are half the sum plus or minus these.
    sums, moved = (first + second).sum(1), (first - second).astype(np.float64)
    mean = np.zeros((len(column), len(pairings)))
    mean[np.arange(len(column)), column] = 1 / np.bincount(column)[column]

    def difference(signs: FloatArray, axis: int) -> FloatArray:  # noqa: ARG001  it is always the last
        moved_by = [signs @ part for part in moved]
        one, other = (
            Counts(*((whole + sign * part) / 2 for whole, part in zip(sums, moved_by, strict=True))) for sign in (1, -1)
        )
        return (iou(one) - iou(other)) @ mean

    found = stats.permutation_test(
        (np.ones(len(items)),),
        difference,
        permutation_type="samples",  # of a single sample: signs are flipped
        vectorized=True,
        n_resamples=_swaps(len(pairings)),
        batch=max(1, AT_ONCE // len(column)),
        axis=-1,
        rng=np.random.default_rng(0),
    )
    return np.asarray(found.pvalue, dtype=np.float64)


def smallest_p(pairing: Pairing, comparisons: int) -> float:
    """Return the smallest p that `swap_tests` can give to `pairing` as one of several `comparisons`.

    Items on which the two methods mark the same number of pixels tell nothing: with n others it is 2 / 2^n, and never
    less than drawn swaps can tell.
    """
    informative = int(changed_items(pairing).sum())
    drawn = _swaps(comparisons)
    least = 2.0 ** (1 - informative)
    return min(1.0, least if 2.0 ** len(pairing.items) <= drawn else max(least, 2 / (drawn + 1)))


def changed_items(pairing: Pairing) -> BoolArray:
    """Tell of each item whether the two methods' counts differ, (items,)."""
    moved = [pairing.first.tp != pairing.second.tp, pairing.first.fp != pairing.second.fp]
    changed: BoolArray = np.any(moved, axis=(0, 2))
    return changed


def holm(p: Sequence[float]) -> FloatArray:
    """Return p-values corrected by Holm's step-down procedure."""
    if not len(p):
        return np.zeros(0)
    corrected: FloatArray = multipletests(p, alpha=LEVEL, method="holm")[1]
    return corrected


def _swaps(comparisons: int) -> int:
    return max(SWAPS, SWAPS_A_COMPARISON * comparisons - 1)


def _aligned(
    pairings: Sequence[Pairing], items: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return (4, items, columns), counts of the first and of the second methods, and the pairing of each column.

    A column is a pairing with one seed; items that a pairing lacks count nothing in it.
    """
    column = np.repeat(np.arange(len(pairings)), [len(pairing.seeds) for pairing in pairings])
    both = np.zeros((2, 4, len(items), len(column)), dtype=np.int64)
    for number, pairing in enumerate(pairings):
        rows = np.searchsorted(items, pairing.items)
        for side, counts in zip(both, (pairing.first, pairing.second), strict=True):
            for part, own in zip(side, (counts.tp, counts.fp, counts.fn, counts.tn), strict=True):
                part[np.ix_(rows, np.flatnonzero(column == number))] = own
    return both[0], both[1], column
