"""From heatmaps to 256 levels, and the two histograms that are kept of each.

A heatmap is scaled to its own range and divided into 256 levels. Thresholds and pixel metrics need no more than the
number of pixels at each level, on the defect and beside it, so the map itself is not kept. Maps stay on their device
until they have become histograms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from results.errors import ResultError
from results.metrics.thresholds import LEVELS
from results.status import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LevelStatistics:
    """What is kept of B heatmaps; arrays on the CPU.

    Attributes:
        status: of each map, or of there being none.
        minimum: (B,) float32, smallest value of each map, before scaling.
        maximum: (B,) float32, largest value.
        defect: (B, 256) int64, pixels of each level on the defect.
        other: (B, 256) int64, pixels of each level beside it.
    """

    status: list[Status]
    minimum: NDArray[np.float32]
    maximum: NDArray[np.float32]
    defect: NDArray[np.int64]
    other: NDArray[np.int64]


def to_levels(heatmaps: Tensor) -> Tensor:
    """Divide each heatmap into levels: floor(255 · ((h - min) / (max - min))).

    The ratio comes first, so that the maximum is level 255 exactly. A map without a range (constant, not
    finite, or wider than float32 holds) becomes all zeros.

    Args:
        heatmaps: (B, H, W) of any floating type and range; read as float32.

    Returns:
        (B, H, W) uint8 on the same device.

    Raises:
        ResultError: `heatmaps` has another shape or type, or images have no pixels.
    """
    heatmaps = _checked(heatmaps)
    minimum, maximum = heatmaps.amin((1, 2)), heatmaps.amax((1, 2))
    return _scaled(heatmaps, minimum, maximum - minimum)


def level_statistics(heatmaps: Tensor, masks: Tensor) -> LevelStatistics:
    """Count the pixels of each level on and beside the defects of a batch.

    A map that is constant or not finite has all its pixels at level 0, so that no threshold from 0 up predicts a
    positive pixel in it; its status says which of the two it is.

    Args:
        heatmaps: (B, H, W) of any floating type and range; read as float32.
        masks: (B, H, W) bool, true on defect pixels.

    Raises:
        ResultError: shapes or types are others, or images have no pixels.
    """
    heatmaps = _checked(heatmaps)
    _check_masks(masks)
    if masks.shape != heatmaps.shape:
        raise ResultError(
            f"heatmaps are {tuple(heatmaps.shape)} and masks {tuple(masks.shape)}: resize one to the other"
        )
    minimum, maximum = heatmaps.amin((1, 2)), heatmaps.amax((1, 2))
    span = maximum - minimum
    levels = _scaled(heatmaps, minimum, span)
    images = heatmaps.shape[0]
    part = 2 * torch.arange(images, device=heatmaps.device)[:, None, None] + masks.to(heatmaps.device)
    counts = torch.bincount((LEVELS * part + levels).flatten(), minlength=images * 2 * LEVELS)
    other, defect = counts.view(images, 2, LEVELS).cpu().numpy().swapaxes(0, 1)
    return LevelStatistics(
        status=[_status(high, value) for high, value in zip(maximum.tolist(), span.tolist(), strict=True)],
        minimum=minimum.cpu().numpy(),
        maximum=maximum.cpu().numpy(),
        defect=defect,
        other=other,
    )


def missing_statistics(masks: Tensor, status: Status) -> LevelStatistics:
    """Return the statistics of images without a heatmap: those of an empty prediction.

    The defect pixels have to be counted all the same, or a method would gain by failing.

    Args:
        masks: (B, H, W) bool, true on defect pixels.
        status: ``failed`` or ``not applicable``.

    Raises:
        ResultError: `masks` has another shape or type, or `status` is that of a heatmap.
    """
    _check_masks(masks)
    if status.has_map:
        raise ResultError(f"{status.value!r} is the status of a heatmap; give 'failed' or 'not applicable'")
    images, height, width = masks.shape
    defect = np.zeros((images, LEVELS), dtype=np.int64)
    defect[:, 0] = masks.sum((1, 2)).cpu().numpy()
    other = np.zeros_like(defect)
    other[:, 0] = height * width - defect[:, 0]
    unknown = np.full(images, np.nan, dtype=np.float32)
    return LevelStatistics([status] * images, unknown, unknown.copy(), defect, other)


def joined(parts: list[LevelStatistics]) -> LevelStatistics:
    """Return the statistics of several batches as those of one."""
    return LevelStatistics(
        status=[status for part in parts for status in part.status],
        minimum=np.concatenate([part.minimum for part in parts]),
        maximum=np.concatenate([part.maximum for part in parts]),
        defect=np.concatenate([part.defect for part in parts]),
        other=np.concatenate([part.other for part in parts]),
    )


def _checked(heatmaps: Tensor) -> Tensor:
    """Return `heatmaps` as float32, free of its graph."""
    if heatmaps.ndim != 3 or not heatmaps.is_floating_point():
        raise ResultError(
            f"heatmaps must be (B, H, W) of a floating type, not {tuple(heatmaps.shape)} {heatmaps.dtype}"
        )
    if 0 in heatmaps.shape[1:]:
        raise ResultError(f"heatmaps of shape {tuple(heatmaps.shape)} have no pixels")
    return heatmaps.detach().float()


def _check_masks(masks: Tensor) -> None:
    if masks.ndim != 3 or masks.dtype != torch.bool:
        raise ResultError(f"masks must be (B, H, W) bool, not {tuple(masks.shape)} {masks.dtype}")
    if 0 in masks.shape[1:]:
        raise ResultError(f"masks of shape {tuple(masks.shape)} have no pixels")


def _scaled(heatmaps: Tensor, minimum: Tensor, span: Tensor) -> Tensor:
    usable = (span.isfinite() & (span > 0))[:, None, None]
    divisor = torch.where(usable, span[:, None, None], 1)
    levels = 255 * ((heatmaps - minimum[:, None, None]) / divisor)
    # Maps without a range may hold nan, which has no uint8: they are zeroed before the conversion.
    return torch.where(usable, levels.floor(), 0).to(torch.uint8)


def _status(maximum: float, span: float) -> Status:
    # nan and infinite pixels, and ranges that overflow, all leave a span that is not finite.
    if not np.isfinite(span):
        return Status.NOT_FINITE
    if span > 0:
        return Status.OK
    return Status.CONSTANT if maximum else Status.EMPTY
