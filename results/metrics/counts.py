"""Pixel counts under a threshold, and level histograms pooled over images: what the formulas of metrics read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from results.errors import ResultError
from results.metrics.thresholds import LEVELS, IntArray, check_histograms

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
COUNTS = ["tp", "fp", "fn", "tn"]
"""The fields of `Counts`, and the columns of tables that hold them."""


@dataclass(frozen=True, eq=False)
class Counts:
    """Pixel counts; arrays of one shape, with one entry for each image (or each resample of images).

    Attributes:
        tp: int64, true positives: defect pixels that are predicted positive.
        fp: int64, false positives: other pixels that are predicted positive.
        fn: int64, false negatives: defect pixels that are not.
        tn: int64, true negatives: other pixels that are not.
    """

    tp: IntArray
    fp: IntArray
    fn: IntArray
    tn: IntArray

    @staticmethod
    def of_table(table: pd.DataFrame | pd.Series[Any]) -> Counts:
        """Return the columns `COUNTS` of a table, one entry for each row."""
        return Counts(*(np.asarray(table[name], dtype=np.int64) for name in COUNTS))

    def columns(self) -> dict[str, IntArray]:
        """Return the counts by name, as the columns of a table."""
        return {name: getattr(self, name) for name in COUNTS}

    def pooled(self) -> Counts:
        """Return the sums over all images, as arrays without axes."""
        return Counts(*(np.asarray(part.sum(), dtype=np.int64) for part in self.columns().values()))

    def of(self, images: BoolArray) -> Counts:
        """Return the counts of the images where `images`, (N,), is true."""
        return Counts(*(part[images] for part in self.columns().values()))


@dataclass(frozen=True, eq=False)
class PooledLevels:
    """Level histograms, summed over the images with a usable heatmap, and the defect pixels of all other images.

    Attributes:
        defect: (256,) int64, pixels of each level on defects.
        other: (256,) int64, pixels of each level beside them.
        missed: defect pixels of the images without a usable heatmap.
    """

    defect: IntArray
    other: IntArray
    missed: int


def counts_at(defect: IntArray, other: IntArray, thresholds: IntArray, usable: BoolArray | None = None) -> Counts:
    """Count pixels where those with ``level > threshold`` are predicted positive.

    Args:
        defect: (N, 256) integers, pixels of each level on the defect.
        other: (N, 256) integers, pixels of each level beside it.
        thresholds: (N,) integers from 0 to 255.
        usable: (N,) bool, false where the heatmap failed, is constant or is not finite, so that no pixel is predicted
            positive; None: all are usable.

    Returns:
        Counts of shape (N,) that add up to the pixels of each image.

    Raises:
        ResultError: histograms are malformed, or the arguments do not belong together.

    >>> defect, other = np.zeros((2, 1, 256), dtype=np.int64)
    >>> defect[0, [20, 200]], other[0, [10, 150]] = (4, 6), (80, 10)
    >>> counts_at(defect, other, thresholds=np.array([127])).pooled()
    Counts(tp=array(6), fp=array(10), fn=array(4), tn=array(80))
    """
    check_histograms(defect, other)
    images = len(defect)
    usable = np.ones(images, dtype=np.bool_) if usable is None else checked_images(usable, images, "usable")
    if thresholds.shape != (images,) or not np.issubdtype(thresholds.dtype, np.integer):
        raise ResultError(f"thresholds must be ({images},) integers, not {thresholds.shape} {thresholds.dtype}")
    if ((thresholds < 0) | (thresholds >= LEVELS)).any():
        raise ResultError(f"thresholds must lie from 0 to {LEVELS - 1}")
    positive = (np.arange(LEVELS) > thresholds[:, None]) & usable[:, None]
    tp = (defect * positive).sum(1, dtype=np.int64)
    fp = (other * positive).sum(1, dtype=np.int64)
    return Counts(tp, fp, defect.sum(1) - tp, other.sum(1) - fp)


def pool_levels(defect: IntArray, other: IntArray, usable: BoolArray) -> PooledLevels:
    """Sum level histograms over images; of images without a usable heatmap only the missed defect pixels count.

    Args:
        defect: (N, 256) integers, pixels of each level on the defect.
        other: (N, 256) integers, pixels of each level beside it.
        usable: (N,) bool, false where the heatmap failed, is constant or is not finite.

    Raises:
        ResultError: histograms are malformed, or `usable` does not belong to them.
    """
    check_histograms(defect, other)
    usable = checked_images(usable, len(defect), "usable")
    return PooledLevels(defect[usable].sum(0), other[usable].sum(0), int(defect[~usable].sum()))


def checked_images(images: BoolArray, count: int, name: str) -> BoolArray:
    """Return `images` if it tells something of each of `count` images.

    Raises:
        ResultError: it is not (count,) bool; `name` says what it is.
    """
    if images.shape != (count,) or images.dtype != np.bool_:
        raise ResultError(f"{name!r} must be ({count},) bool, not {images.shape} {images.dtype}")
    return images
