"""IoU, precision and recall of a method at every threshold, from level histograms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from results.metrics.counts import Counts, FloatArray, PooledLevels, pool_levels
from results.metrics.formulas import iou, precision, recall
from results.metrics.scoring import thresholded, usable
from results.metrics.thresholds import ThresholdPolicy
from results.status import Status
from results.store.cells import Cells


@dataclass(frozen=True, eq=False)
class ThresholdCurve:
    """One method on the defective test images, with the same threshold for every image.

    Attributes:
        iou, precision, recall: (256,) at the thresholds 0 to 255, mean over the seeds, in [0, 1]; NaN where undefined.
        chosen: mean over these images of the threshold that a policy chooses; NaN where there is no heatmap.
    """

    iou: FloatArray
    precision: FloatArray
    recall: FloatArray
    chosen: float


def threshold_curve(cells: Cells, policy: ThresholdPolicy) -> ThresholdCurve:
    """Pool the counts of one method over its defective test images at every threshold.

    A heatmap that failed, is constant or is not finite is an empty prediction at every threshold.

    Args:
        cells: of one method that is applicable to this network, with one defective test image at least.
        policy: that `ThresholdCurve.chosen` is the mean threshold of.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    test, cut = thresholded(cells, policy)
    defective = test.defect.any(axis=1)
    answered = usable(test)
    counted = [
        _counts(pool_levels(test.defect[own], test.other[own], answered[own]))
        for seed in test.frame["seed"].unique()
        for own in [defective & (test.frame["seed"] == seed).to_numpy(dtype=bool)]
    ]
    cut_there = defective & (test.frame["status"] == Status.OK).to_numpy(dtype=bool)
    return ThresholdCurve(
        iou=np.mean([iou(one) for one in counted], axis=0),
        precision=np.mean([precision(one) for one in counted], axis=0),
        recall=np.mean([recall(one) for one in counted], axis=0),
        chosen=float(cut[cut_there].mean()) if cut_there.any() else np.nan,
    )


def _counts(levels: PooledLevels) -> Counts:
    """Return the counts at each threshold, (256,)."""
    found, beside = levels.defect.sum(), levels.other.sum()
    tp, fp = found - levels.defect.cumsum(), beside - levels.other.cumsum()
    return Counts(tp, fp, found + levels.missed - tp, beside - fp)
