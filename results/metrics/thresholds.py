"""Threshold policies: how the threshold of a heatmap is chosen from its level histograms.

A pixel is predicted positive if ``level > t``, with t from 0 to 255, as in OpenCV. So no pixel of a heatmap is if all
are at level 0. A policy reads histograms only: a new one can be applied to old runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from results.errors import ResultError

LEVELS = 256
"""Levels of a heatmap: 0 is its minimum, 255 its maximum."""

IntArray = NDArray[np.int64]
Supervision = Literal["none", "masks of validation", "masks of test"]

_SUPERVISION: dict[str, Supervision] = {
    "otsu": "none",
    "fixed": "none",
    "percentile": "none",
    "oracle": "masks of test",
    "tuned": "masks of validation",
}
_CHOICES = "otsu, fixed:V (0 < V <= 1), percentile:Q (0 < Q < 100), oracle, tuned"


@dataclass(frozen=True)
class ThresholdPolicy:
    """How thresholds are chosen; its text is what `parse_policy` reads.

    >>> policy = parse_policy("percentile:95")
    >>> policy.kind, policy.value, str(policy)
    ('percentile', 95.0, 'percentile:95')

    Attributes:
        kind: ``otsu``, ``fixed``, ``percentile``, ``oracle`` or ``tuned``.
        value: the number of ``fixed`` (share of the map's range, 0 < V <= 1) and ``percentile`` (percent of
            the pixels, 0 < Q < 100); None for the others.
    """

    kind: str
    value: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in _SUPERVISION:
            raise ResultError(f"there is no threshold policy {self.kind!r}; choose from {_CHOICES}")
        if (self.value is not None) != (self.kind in ("fixed", "percentile")):
            raise ResultError(f"{self} is not a threshold policy; choose from {_CHOICES}")
        if self.kind == "fixed" and not 0 < (self.value or 0) <= 1:
            raise ResultError(f"the value of a fixed threshold must be above 0 and at most 1, not {self.value}")
        if self.kind == "percentile" and not 0 < (self.value or 0) < 100:
            raise ResultError(f"a percentile threshold must lie between 0 and 100, both excluded, not {self.value}")

    def __str__(self) -> str:
        return self.kind if self.value is None else f"{self.kind}:{_plain(self.value)}"

    @property
    def supervision(self) -> Supervision:
        """The masks that the policy reads."""
        return _SUPERVISION[self.kind]

    @property
    def is_oracle(self) -> bool:
        """Tell whether the policy reads the masks of the test images, so that nothing under it is a result."""
        return self.supervision == "masks of test"


def parse_policy(text: str) -> ThresholdPolicy:
    """Read a policy from its short form, for example ``otsu`` or ``fixed:0.5``.

    Raises:
        ResultError: there is no such policy, or its number is none or out of range.
    """
    kind, colon, number = text.strip().partition(":")
    if not colon:
        return ThresholdPolicy(kind)
    try:
        value = float(number)
    except ValueError:
        raise ResultError(f"{number!r} in {text!r} is not a number; choose from {_CHOICES}") from None
    return ThresholdPolicy(kind, value)


def check_unsupervised(policy: ThresholdPolicy) -> None:
    """Check that `policy` reads no masks.

    A threshold that is chosen on masks could make up for what a study varies, such as δ, and so hide its effect.

    Raises:
        ResultError: the policy reads masks.
    """
    if policy.supervision != "none":
        raise ResultError(
            f"the threshold {policy} is chosen on {policy.supervision}, which would hide what is compared here; choose "
            "from otsu, fixed:V (0 < V <= 1), percentile:Q (0 < Q < 100)"
        )


def thresholds(
    policy: ThresholdPolicy,
    defect: IntArray,
    other: IntArray,
    *,
    validation: tuple[IntArray, IntArray] | None = None,
) -> IntArray:
    """Return the threshold of each image under `policy`.

    ``oracle`` and ``tuned`` choose one threshold for all images: the one with the best IoU, pooled over the images that
    have defect pixels.

    Args:
        policy: how to choose.
        defect: (N, 256) integers, pixels of each level on the defect; that they are on the defect is read by ``oracle``
            only.
        other: (N, 256) integers, pixels of each level beside it.
        validation: the same two histograms of the validation images, on which ``tuned`` chooses.

    Returns:
        (N,) int64 from 0 to 255.

    Raises:
        ResultError: histograms are malformed, or ``tuned`` has no validation images with defect pixels.
    """
    check_histograms(defect, other)
    histogram = defect + other
    if policy.kind == "otsu":
        return otsu(histogram)
    if policy.kind == "percentile":
        return percentile(histogram, policy.value or 0)
    if policy.kind == "fixed":
        chosen = fixed(policy.value or 0)
    elif policy.kind == "oracle":
        chosen = _best_on_defective(defect, other)
    else:
        chosen = _tuned(validation)
    return np.full(len(histogram), chosen, dtype=np.int64)


def otsu(histogram: IntArray) -> IntArray:
    """Return Otsu's threshold of each image: the lowest that maximises the variance between the two classes.

    It is OpenCV's except for exact ties, which OpenCV decides by rounding errors that differ from build to build.
    An image of one level gets 0.

    >>> histogram = np.zeros((1, 256), dtype=np.int64)
    >>> histogram[0, [10, 20, 200]] = 50, 40, 10
    >>> otsu(histogram)
    array([20])

    Args:
        histogram: (N, 256) integers, pixels of each level.

    Returns:
        (N,) int64 from 0 to 254.
    """
    check_histograms(histogram)
    lower = histogram.cumsum(1)
    lower_sum = (histogram * np.arange(LEVELS)).cumsum(1)
    pixels, total = lower[:, -1:], lower_sum[:, -1:]
    # In integers as far as possible, so that equally good thresholds have the same variance and the lowest is taken.
    gap = (pixels * lower_sum - lower * total).astype(np.float64)
    product = lower * (pixels - lower)
    between = np.divide(gap * gap, product, out=np.zeros_like(gap), where=product > 0)
    threshold: IntArray = between.argmax(1)
    return threshold


def fixed(value: float) -> int:
    """Return t such that ``level > t`` is the same as ``level >= 255 · value``.

    >>> fixed(0.5), fixed(0.2), fixed(1)
    (127, 50, 254)

    Args:
        value: share of the heatmap's range, 0 < value <= 1; the exact decimal that is written.
    """
    return math.ceil(255 * Fraction(str(value))) - 1


def percentile(histogram: IntArray, q: float) -> IntArray:
    """Return the smallest t of each image such that at least `q` % of its pixels have ``level <= t``.

    So at most 100 - q % of the pixels are predicted positive.

    >>> histogram = np.zeros((1, 256), dtype=np.int64)
    >>> histogram[0, [10, 20, 200]] = 50, 40, 10
    >>> percentile(histogram, 90), percentile(histogram, 95)
    (array([20]), array([200]))

    Args:
        histogram: (N, 256) integers, pixels of each level.
        q: percent, 0 < q < 100; the exact decimal that is written.

    Returns:
        (N,) int64 from 0 to 255.
    """
    check_histograms(histogram)
    share = Fraction(str(q)) / 100
    needed = np.array([math.ceil(share * int(pixels)) for pixels in histogram.sum(1)], dtype=np.int64)
    reached: IntArray = (histogram.cumsum(1) >= needed[:, None]).argmax(1)
    return reached


def best_common(defect: IntArray, other: IntArray) -> int:
    """Return the threshold with the best IoU of the counts pooled over all images, the lowest of equally good ones.

    Without any defect pixel it is 255, so that no pixel is predicted positive.

    Args:
        defect: (N, 256) integers, pixels of each level on the defect.
        other: (N, 256) integers, pixels of each level beside it.
    """
    check_histograms(defect, other)
    hit, false = defect.sum(0), other.sum(0)
    positives = hit.sum()
    if positives == 0:
        return LEVELS - 1
    hit, false = positives - hit.cumsum(), false.sum() - false.cumsum()
    return int((hit / (positives + false)).argmax())


def check_histograms(*parts: IntArray) -> None:
    """Check that `parts` together are the level histograms of N images.

    Raises:
        ResultError: a part is not (N, 256) of integers from 0 up, shapes differ, or an image has no pixels.
    """
    for part in parts:
        if part.ndim != 2 or part.shape[1] != LEVELS or not np.issubdtype(part.dtype, np.integer):
            raise ResultError(f"histograms must be (N, {LEVELS}) integers, not {part.shape} {part.dtype}")
        if part.shape != parts[0].shape:
            raise ResultError(f"histograms of {len(parts[0])} and of {len(part)} images do not belong together")
        if (part < 0).any():
            raise ResultError("histograms count pixels, so they cannot be negative")
    empty = np.flatnonzero(np.sum([part.sum(1) for part in parts], axis=0) == 0)
    if empty.size:
        raise ResultError(
            f"the histograms of image {empty[0]} are empty; where a heatmap failed, all pixels are at level 0"
        )


def _best_on_defective(defect: IntArray, other: IntArray) -> int:
    defective = defect.any(axis=1)
    return best_common(defect[defective], other[defective])


def _tuned(validation: tuple[IntArray, IntArray] | None) -> int:
    if validation is None:
        raise ResultError("a tuned threshold needs validation images with masks: pass them, or choose otsu")
    defect, other = validation
    check_histograms(defect, other)
    if not defect.any():
        raise ResultError(
            "no validation image has defect pixels to tune a threshold on: use another split, or choose otsu"
        )
    return _best_on_defective(defect, other)


def _plain(value: float) -> str:
    """Write `value` without a decimal point if it is a whole number; it reads back as the same number."""
    return repr(float(value)).removesuffix(".0")
