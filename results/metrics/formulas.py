"""Metrics: one formula each, over pixel counts or level histograms.

Protocol. "Pooled" metrics add up the pixel counts of all **defective** images and are computed once (micro-average).
IoU per image is averaged over the defective images, false-positive area over the defect-free ones. Average precision
and AUROC rank the pixels of all defective images by level. All values lie in [0, 1].

Undefined values. A ratio of 0/0 is `UNDEFINED` (nan, a dash in tables), never 0 or 1:

* if no pixel is predicted positive, precision is undefined; IoU, recall and F1 are 0 as long as there is a defect;
* if there are no defect pixels, IoU, mIoU, recall, F1, average precision and AUROC are undefined;
* a mean leaves out the images where its term is undefined, and is undefined if that leaves none.

Failures. A heatmap that failed, is constant or is not finite counts as an empty prediction: its defect pixels are
missed at every threshold, and its other pixels do not count as true negatives, though none of them is predicted
positive. So no metric is better with the failed image than without it. (If its pixels were ranked at level 0 instead,
thousands of background pixels at the bottom would raise the AUROC of all the other images.) An empty heatmap, zero
everywhere, is no failure: no pixel is predicted positive, and on a defect-free image that is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np

from results.errors import ResultError
from results.metrics.counts import BoolArray, Counts, FloatArray, PooledLevels, checked_images, counts_at, pool_levels
from results.metrics.thresholds import IntArray

Over = Literal["pooled", "defective", "defect-free", "levels"]
"""What a formula reads: `Counts` pooled over the defective images, `Counts` of each defective or of each defect-free
image, or the `PooledLevels` of the defective images."""

UNDEFINED = math.nan
"""The value of 0/0."""


@dataclass(frozen=True)
class Metric:
    """A metric; registered by `metric`.

    Attributes:
        name: key in `METRICS`, in JSON and in CSV.
        label: heading in tables.
        higher_is_better: which end of [0, 1] is good.
        over: what `formula` reads.
        formula: from `Counts` or `PooledLevels` to [0, 1] or nan; over "pooled" counts it works element by
            element, so that many resamples are computed at once.
    """

    name: str
    label: str
    higher_is_better: bool
    over: Over
    formula: Callable[[Any], Any]

    @property
    def meaning(self) -> str:
        """The first paragraph of the formula's docstring, in one line."""
        return " ".join((self.formula.__doc__ or "").partition("\n\n")[0].split())


METRICS: dict[str, Metric] = {}

Formula = TypeVar("Formula", bound=Callable[[Any], Any])


def metric(name: str, *, label: str, higher_is_better: bool, over: Over = "pooled") -> Callable[[Formula], Formula]:
    """Register the decorated formula as a metric; JSON, CSV and the page of every run then have it.

    The first paragraph of the formula's docstring says on the page what the metric means. For example::

        @metric("specificity", label="Specificity", higher_is_better=True)
        def specificity(counts: Counts) -> FloatArray:
            \"\"\"Share of the other pixels that are not predicted positive.\"\"\"
            return ratio(counts.tn, counts.tn + counts.fp)

    Args:
        name: key of the metric.
        label: heading in tables.
        higher_is_better: which end of [0, 1] is good.
        over: what the formula reads.

    Raises:
        ResultError: there is a metric of this name already.
    """
    if name in METRICS:
        raise ResultError(f"there is a metric called {name!r} already; give yours another name")

    def register(formula: Formula) -> Formula:
        METRICS[name] = Metric(name, label, higher_is_better, over, formula)
        return formula

    return register


def ratio(numerator: IntArray, denominator: IntArray, defined: BoolArray | None = None) -> FloatArray:
    """Divide element by element; `UNDEFINED` for 0/0 and where not `defined`.

    >>> ratio(np.array([1, 0]), np.array([4, 0]))
    array([0.25,  nan])
    """
    where = denominator > 0 if defined is None else defined
    value: FloatArray = np.full(np.shape(denominator), UNDEFINED)
    np.divide(numerator, denominator, out=value, where=where)
    return value


def mean(values: FloatArray) -> float:
    """Average what is defined; `UNDEFINED` where nothing is.

    >>> mean(np.array([0.25, UNDEFINED, 0.75]))
    0.5
    """
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else UNDEFINED


@metric("iou", label="IoU", higher_is_better=True)
def iou(counts: Counts) -> FloatArray:
    """Intersection over union of the defect class (RA-CAM paper, eq. 8).

    >>> float(iou(Counts(tp=np.array(6), fp=np.array(10), fn=np.array(4), tn=np.array(80))))
    0.3
    """
    return ratio(counts.tp, counts.tp + counts.fp + counts.fn, defined=counts.tp + counts.fn > 0)


@metric("miou", label="mIoU", higher_is_better=True)
def miou(counts: Counts) -> FloatArray:
    """Mean of the IoU of the defect class and of the background (RA-CAM paper, eq. 9)."""
    return (iou(counts) + ratio(counts.tn, counts.tn + counts.fp + counts.fn)) / 2


@metric("precision", label="Precision", higher_is_better=True)
def precision(counts: Counts) -> FloatArray:
    """Share of the pixels predicted positive that are defective (RA-CAM paper, eq. 10)."""
    return ratio(counts.tp, counts.tp + counts.fp)


@metric("recall", label="Recall", higher_is_better=True)
def recall(counts: Counts) -> FloatArray:
    """Share of the defect pixels that are predicted positive (RA-CAM paper, eq. 11)."""
    return ratio(counts.tp, counts.tp + counts.fn)


@metric("f1", label="Micro-F1", higher_is_better=True)
def f1(counts: Counts) -> FloatArray:
    """Harmonic mean of precision and recall (RA-CAM paper, eq. 12): 2tp / (2tp + fp + fn)."""
    return ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn, defined=counts.tp + counts.fn > 0)


@metric("image_iou", label="IoU per image", higher_is_better=True, over="defective")
def image_iou(counts: Counts) -> float:
    """Mean over the defective images of the IoU of each; an image without defect pixels has none."""
    return mean(iou(counts))


@metric("false_positive_area", label="False-positive area", higher_is_better=False, over="defect-free")
def false_positive_area(counts: Counts) -> float:
    """Mean over the defect-free images of the share of their pixels that is predicted positive."""
    return mean(ratio(counts.fp, counts.fp + counts.tn))


@metric("pixel_ap", label="Pixel AP", higher_is_better=True, over="levels")
def pixel_ap(levels: PooledLevels) -> float:
    """Average precision of pixels ranked by level: the sum of precision times the step in recall."""
    defective = int(levels.defect.sum()) + levels.missed
    if defective == 0:
        return UNDEFINED
    falling = slice(None, None, -1)
    hits = levels.defect[falling].cumsum()
    positive = hits + levels.other[falling].cumsum()
    # Divided by the defect pixels at the end: where every precision is 1, the sum is of integers, and exact.
    return float((levels.defect[falling] * (hits / np.maximum(positive, 1))).sum() / defective)


@metric("auroc", label="Pixel AUROC", higher_is_better=True, over="levels")
def auroc(levels: PooledLevels) -> float:
    """Probability that a defect pixel has a higher level than another pixel; ties count half, missed pixels none."""
    found = int(levels.defect.sum())
    if found == 0:
        return 0.0 if levels.missed else UNDEFINED
    others = int(levels.other.sum())
    if others == 0:
        return UNDEFINED
    below = levels.other.cumsum() - levels.other
    # In float64, since the product of two pixel counts can exceed int64 on large datasets.
    won = (levels.defect * (below + levels.other / 2.0)).sum()
    return float(won / (float(found + levels.missed) * others))


def scores(
    defect: IntArray, other: IntArray, usable: BoolArray, thresholds: IntArray, defective: BoolArray
) -> dict[str, float]:
    """Compute every metric under the protocol of this module.

    Args:
        defect: (N, 256) integers, pixels of each level on the defect.
        other: (N, 256) integers, pixels of each level beside it.
        usable: (N,) bool, false where the heatmap failed, is constant or is not finite.
        thresholds: (N,) integers from 0 to 255.
        defective: (N,) bool, true where the image shows a defect.

    Returns:
        A value in [0, 1], or nan where undefined, for each name in `METRICS`.

    Raises:
        ResultError: histograms are malformed, or the arguments do not belong together.
    """
    defective = checked_images(defective, len(defect), "defective")
    counts = counts_at(defect, other, thresholds, usable)
    # A failure has no true negatives: they would raise mIoU, and be a perfect result on a defect-free image.
    counts = replace(counts, tn=np.where(usable, counts.tn, 0))
    read: dict[Over, Counts | PooledLevels] = {
        "pooled": counts.of(defective).pooled(),
        "defective": counts.of(defective),
        "defect-free": counts.of(~defective),
        "levels": pool_levels(defect[defective], other[defective], usable[defective]),
    }
    return {name: float(each.formula(read[each.over])) for name, each in METRICS.items()}
