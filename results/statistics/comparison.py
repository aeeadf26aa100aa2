"""Paired comparisons: is one method better than another, by how much, and how certain is that?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from results.metrics.counts import Counts, FloatArray
from results.metrics.formulas import iou
from results.statistics.bootstrap import difference_interval
from results.statistics.pairing import Pairing
from results.statistics.permutation import LEVEL, changed_items, holm, smallest_p, swap_tests

Verdict = Literal["better", "equal", "worse", "undecided"]


@dataclass(frozen=True)
class Comparison:
    """A method and a reference, paired on the images that both have.

    Attributes:
        method: its short text.
        reference: short text of the method that it is compared with.
        iou: of the method, pooled over the shared images, mean over the seeds, in [0, 1].
        reference_iou: the same of the reference.
        difference: `iou` minus `reference_iou`.
        interval: 95 % BCa bootstrap interval of the difference over items; None with fewer than two items.
        by_seed: the difference for each seed of the classifiers.
        p: two-sided p of the permutation test, Holm-corrected over all comparisons made at once; None where nothing
            differs, and where there are too few items.
        too_few: there are so few items that no difference could be significant at the corrected level.
        items: number of physical items that are shared.
        images: number of images that are shared.
        left_out: number of images that only one of the two has.
        wins: items on which the method's IoU is higher.
        losses: items on which it is lower.
        verdict: ``equal`` if nothing differs or the interval lies within the tolerance, ``better`` or ``worse`` if the
            difference exceeds the tolerance and is significant, else ``undecided``.
    """

    method: str
    reference: str
    iou: float
    reference_iou: float
    difference: float
    interval: tuple[float, float] | None
    by_seed: tuple[float, ...]
    p: float | None
    too_few: bool
    items: int
    images: int
    left_out: int
    wins: int
    losses: int
    verdict: Verdict

    @property
    def ties(self) -> int:
        """Number of items on which both have the same IoU."""
        return self.items - self.wins - self.losses


def compare(pairings: Mapping[tuple[str, str], Pairing], tolerance: float = 0.0) -> list[Comparison]:
    """Compare pairs of methods.

    Pairs whose pixel counts are the same on every item are not tested, and are not counted in the correction.

    Args:
        pairings: by the names of both methods; each has at least one image.
        tolerance: a difference of up to this much IoU, in [0, 1], is taken as equal.
    """
    tested = {names: one for names, one in pairings.items() if changed_items(one).any()}
    found = dict(zip(tested, swap_tests(list(tested.values())).tolist(), strict=True))
    corrected = dict(zip(tested, holm(list(found.values())).tolist(), strict=True))
    # Holm's best case: which comparisons would be significant if all of them had the smallest p that is possible?
    best = holm([smallest_p(one, len(tested)) for one in tested.values()])
    too_few = {names for names, least in zip(tested, best, strict=True) if least > LEVEL}
    known = {names: p for names, p in corrected.items() if names not in too_few}
    return [
        _comparison(names, one, known.get(names), tolerance, too_few=names in too_few)
        for names, one in pairings.items()
    ]


def pooled_iou(counts: Counts) -> FloatArray:
    """Return the IoU over all items for each seed, (seeds,), from counts (items, seeds)."""
    return iou(Counts(counts.tp.sum(0), counts.fp.sum(0), counts.fn.sum(0), counts.tn.sum(0)))


def _comparison(
    names: tuple[str, str], pairing: Pairing, p: float | None, tolerance: float, *, too_few: bool
) -> Comparison:
    one, other = pooled_iou(pairing.first), pooled_iou(pairing.second)
    by_seed = one - other
    items = len(pairing.items)
    interval = difference_interval(pairing.first, pairing.second, iou) if items > 1 else None
    sign = np.sign(_by_item(pairing.first) - _by_item(pairing.second))
    difference = float(by_seed.mean())
    return Comparison(
        method=names[0],
        reference=names[1],
        iou=float(one.mean()),
        reference_iou=float(other.mean()),
        difference=difference,
        interval=interval,
        by_seed=tuple(by_seed.tolist()),
        p=p,
        too_few=too_few,
        items=items,
        images=pairing.images,
        left_out=pairing.left_out,
        wins=int((sign > 0).sum()),
        losses=int((sign < 0).sum()),
        verdict=_verdict(difference, interval, p, tolerance, same=not changed_items(pairing).any()),
    )


def _by_item(counts: Counts) -> FloatArray:
    """Return the IoU of each item, as mean over the seeds."""
    mean: FloatArray = iou(counts).mean(-1)
    return mean


def _verdict(
    difference: float, interval: tuple[float, float] | None, p: float | None, tolerance: float, *, same: bool
) -> Verdict:
    if same or (interval and -tolerance <= interval[0] <= interval[1] <= tolerance):
        return "equal"
    if p is None or p > LEVEL or abs(difference) <= tolerance:
        return "undecided"
    return "better" if difference > 0 else "worse"
