"""Metrics: one formula each, over pixel counts or level histograms that were kept.

Protocol. "Pooled" metrics add the pixel counts of all **defective** images and are taken once ("micro"); IoU
per image is averaged over the defective images, false-positive area over the defect-free ones. Average
precision and AUROC rank the pixels of all defective images by level. All values lie in [0, 1].

Undefined values. A ratio of 0/0 is `UNDEFINED` (nan, printed as a dash), never 0 or 1:

* nothing is marked: precision is undefined; IoU, recall and F1 are 0 as long as there is a defect to miss;
* no defect pixels: IoU, mIoU, recall, F1, average precision and AUROC are undefined;
* a mean leaves out the images where its term is undefined, and is undefined over none.

Failures. A map that failed, is constant or not finite counts as an empty prediction: its defect pixels are
missed at every threshold. Its other pixels, where marking nothing is right by accident, earn nothing. So no
metric is better with the failed image than without it. To rank its pixels at level 0 would not do: thousands
of background pixels at the bottom raise the AUROC of all the other images.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from results.errors import ResultError
from results.metrics.thresholds import LEVELS, IntArray, check_histograms

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Over = Literal["pooled", "defective", "defect-free", "levels"]
"""What a formula reads: `Counts` summed over the defective images, `Counts` image by image of the defective
or of the defect-free images, or the `PooledLevels` of the defective images."""

UNDEFINED = math.nan
"""The value of 0/0."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Pixel counts of decisions; arrays of one shape, one entry an image (or a resample of images).

    Attributes:
        tp: int64, defect pixels that are marked.
        fp: int64, other pixels that are marked.
        fn: int64, defect pixels that are not.
        tn: int64, other pixels that are not.
    """

    tp: IntArray
    fp: IntArray
    fn: IntArray
    tn: IntArray

    def pooled(self) -> Counts:
        """Return the sums over all images, as arrays without axes."""
        return Counts(*(np.asarray(part.sum(), dtype=np.int64) for part in self._parts()))

    def of(self, images: BoolArray) -> Counts:
        """Return the counts of the images where `images` (N,) is true."""
        return Counts(*(part[images] for part in self._parts()))

    def _parts(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        return self.tp, self.fp, self.fn, self.tn


@dataclass(frozen=True, eq=False)
class PooledLevels:
    """Level histograms summed over images whose map is ok, and what the other maps missed.

    Attributes:
        defect: (256,) int64, pixels of each level on defects.
        other: (256,) int64, pixels of each level beside them.
        missed: defect pixels of the images whose map is not ok.
    """

    defect: IntArray
    other: IntArray
    missed: int


@dataclass(frozen=True)
class Metric:
    """A metric; registered by `metric`.

    Attributes:
        name: key in `METRICS` and column name.
        label: heading in tables.
        higher_is_better: which end of [0, 1] is good.
        over: what `formula` reads.
        formula: from `Counts` or `PooledLevels` to [0, 1] or nan; over "pooled" counts it works element by
            element, so that resamples are computed at once.
    """

    name: str
    label: str
    higher_is_better: bool
    over: Over
    formula: Callable[[Any], Any]

    @property
    def meaning(self) -> str:
        """First paragraph of the formula's docstring, in one line."""
        return " ".join((self.formula.__doc__ or "").partition("\n\n")[0].split())


METRICS: dict[str, Metric] = {}

Formula = TypeVar("Formula", bound=Callable[[Any], Any])


def metric(name: str, *, label: str, higher_is_better: bool, over: Over = "pooled") -> Callable[[Formula], Formula]:
    """Register the decorated formula under `name`; the arguments are those of `Metric`.

    Raises:
        ResultError: there is a metric of this name already.
    """
    if name in METRICS:
        raise ResultError(f"there is a metric called {name!r} already; give yours another name")

    def register(formula: Formula) -> Formula:
        METRICS[name] = Metric(name, label, higher_is_better, over, formula)
        return formula

    return register


@metric("iou", label="IoU", higher_is_better=True)
def iou(counts: Counts) -> FloatArray:
    """Intersection over union of the defect class (RA-CAM paper, eq. 8)."""
    return _ratio(counts.tp, counts.tp + counts.fp + counts.fn, defined=counts.tp + counts.fn > 0)


@metric("miou", label="mIoU", higher_is_better=True)
def miou(counts: Counts) -> FloatArray:
    """Mean of the IoU of the defect class and of the background (RA-CAM paper, eq. 9)."""
    return (iou(counts) + _ratio(counts.tn, counts.tn + counts.fp + counts.fn)) / 2


@metric("precision", label="Precision", higher_is_better=True)
def precision(counts: Counts) -> FloatArray:
    """Share of the marked pixels that are defective (RA-CAM paper, eq. 10)."""
    return _ratio(counts.tp, counts.tp + counts.fp)


@metric("recall", label="Recall", higher_is_better=True)
def recall(counts: Counts) -> FloatArray:
    """Share of the defect pixels that are marked (RA-CAM paper, eq. 11)."""
    return _ratio(counts.tp, counts.tp + counts.fn)


@metric("f1", label="Micro-F1", higher_is_better=True)
def f1(counts: Counts) -> FloatArray:
    """Harmonic mean of precision and recall (RA-CAM paper, eq. 12), in counts: 2tp / (2tp + fp + fn)."""
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn, defined=counts.tp + counts.fn > 0)


@metric("image_iou", label="IoU per image", higher_is_better=True, over="defective")
def image_iou(counts: Counts) -> float:
    """Mean over the defective images of their own IoU; an image without defect pixels has none."""
    return _mean(iou(counts))


@metric("false_positive_area", label="False-positive area", higher_is_better=False, over="defect-free")
def false_positive_area(counts: Counts) -> float:
    """Mean over the defect-free images of the share of their pixels that is marked."""
    return _mean(_ratio(counts.fp, counts.fp + counts.tn))


@metric("pixel_ap", label="Pixel AP", higher_is_better=True, over="levels")
def pixel_ap(levels: PooledLevels) -> float:
    """Average precision of pixels ranked by level: sum of precision times step in recall."""
    positives = int(levels.defect.sum()) + levels.missed
    if positives == 0:
        return UNDEFINED
    falling = slice(None, None, -1)
    hits = levels.defect[falling].cumsum()
    marked = hits + levels.other[falling].cumsum()
    # Divided by the positives once, at the end: where every precision is 1, the sum is of integers and exact.
    return float((levels.defect[falling] * (hits / np.maximum(marked, 1))).sum() / positives)


@metric("auroc", label="Pixel AUROC", higher_is_better=True, over="levels")
def auroc(levels: PooledLevels) -> float:
    """Probability that a defect pixel outranks another pixel: ties count half, missed pixels never do."""
    found = int(levels.defect.sum())
    if found == 0:
        return 0.0 if levels.missed else UNDEFINED
    others = int(levels.other.sum())
    if others == 0:
        return UNDEFINED
    below = levels.other.cumsum() - levels.other
    # In float64: the product of two pixel counts can leave int64 on large sets.
    won = (levels.defect * (below + levels.other / 2.0)).sum()
    return float(won / (float(found + levels.missed) * others))


def counts_at(defect: IntArray, other: IntArray, thresholds: IntArray, ok: BoolArray | None = None) -> Counts:
    """Count pixels under the decision ``level > threshold``.

    Args:
        defect: (N, 256) integers, pixels of each level on the defect.
        other: (N, 256) integers, pixels of each level beside it.
        thresholds: (N,) integers from 0 to 255.
        ok: (N,) bool, false where the map failed, is constant or not finite, which makes the prediction
            empty; None: all are ok.

    Returns:
        Counts of shape (N,) that add up to the pixels of each image.

    Raises:
        ResultError: histograms are malformed or arguments do not belong together.
    """
    check_histograms(defect, other)
    images = len(defect)
    ok = np.ones(images, dtype=np.bool_) if ok is None else _mask(ok, images, "ok")
    if thresholds.shape != (images,) or not np.issubdtype(thresholds.dtype, np.integer):
        raise ResultError(f"thresholds must be ({images},) integers, not {thresholds.shape} {thresholds.dtype}")
    if ((thresholds < 0) | (thresholds >= LEVELS)).any():
        raise ResultError(f"thresholds must lie from 0 to {LEVELS - 1}")
    marked = (np.arange(LEVELS) > thresholds[:, None]) & ok[:, None]
    tp = (defect * marked).sum(1, dtype=np.int64)
    fp = (other * marked).sum(1, dtype=np.int64)
    return Counts(tp, fp, defect.sum(1) - tp, other.sum(1) - fp)


def pool_levels(defect: IntArray, other: IntArray, ok: BoolArray) -> PooledLevels:
    """Sum level histograms over images; of those that are not `ok` only the missed defect pixels count.

    Args:
        defect: (N, 256) integers, pixels of each level on the defect.
        other: (N, 256) integers, pixels of each level beside it.
        ok: (N,) bool, false where the map failed, is constant or not finite.

    Raises:
        ResultError: histograms are malformed or `ok` does not belong to them.
    """
    check_histograms(defect, other)
    ok = _mask(ok, len(defect), "ok")
    return PooledLevels(defect[ok].sum(0), other[ok].sum(0), int(defect[~ok].sum()))


def scores(
    defect: IntArray, other: IntArray, status_ok: BoolArray, thresholds: IntArray, defective: BoolArray
) -> dict[str, float]:
    """Compute every metric under the protocol of this module.

    Args:
        defect: (N, 256) integers, pixels of each level on the defect.
        other: (N, 256) integers, pixels of each level beside it.
        status_ok: (N,) bool, false where the map failed, is constant or not finite.
        thresholds: (N,) integers from 0 to 255.
        defective: (N,) bool, true where the image shows a defect.

    Returns:
        A value in [0, 1], or nan where undefined, for each name in `METRICS`.

    Raises:
        ResultError: histograms are malformed or arguments do not belong together.
    """
    defective = _mask(defective, len(defect), "defective")
    counts = counts_at(defect, other, thresholds, status_ok)
    # A failure earns no true negatives: they would raise mIoU, and be perfect on a defect-free image.
    counts = replace(counts, tn=np.where(status_ok, counts.tn, 0))
    read: dict[Over, Counts | PooledLevels] = {
        "pooled": counts.of(defective).pooled(),
        "defective": counts.of(defective),
        "defect-free": counts.of(~defective),
        "levels": pool_levels(defect[defective], other[defective], status_ok[defective]),
    }
    return {name: float(each.formula(read[each.over])) for name, each in METRICS.items()}


def _ratio(numerator: IntArray, denominator: IntArray, defined: BoolArray | None = None) -> FloatArray:
    """Divide element by element; `UNDEFINED` for 0/0 and where not `defined`."""
    where = denominator > 0 if defined is None else defined
    value: FloatArray = np.full(np.shape(denominator), UNDEFINED)
    np.divide(numerator, denominator, out=value, where=where)
    return value


def _mean(values: FloatArray) -> float:
    """Average what is defined; `UNDEFINED` where nothing is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else UNDEFINED


def _mask(images: BoolArray, count: int, name: str) -> BoolArray:
    if images.shape != (count,) or images.dtype != np.bool_:
        raise ResultError(f"{name!r} must be ({count},) bool, not {images.shape} {images.dtype}")
    return images
