"""What a layer sheet shows of an image: every method's map of each layer alone, and its fused heatmap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reports.outlined_image import Tile


@dataclass(frozen=True, eq=False)
class LayerMap:
    """The map of one layer alone.

    Attributes:
        stage: that the layer ends, e.g. ``S3``; empty where it ends none.
        name: of the layer.
        levels: (H, W) uint8, 0 for the map's minimum, 255 for its maximum.
        maximum: of the map.
        share: of this layer in the sum of all layers' values, at the pixel where the fused map is largest, 0 to 1; NaN
            where all values are 0.
    """

    stage: str
    name: str
    levels: NDArray[np.uint8]
    maximum: float
    share: float


@dataclass(frozen=True, eq=False)
class FusedMap:
    """The heatmap of a method, fused from all its layers.

    Attributes:
        how: the layers are fused; empty where there is one map only.
        status: ``ok``, ``constant`` or ``not finite``; only with ``ok`` is anything predicted positive.
        levels: (H, W) uint8.
        positive: (H, W), pixels above the threshold.
        iou: of these with the mask, 0 to 1; NaN without a defect.
    """

    how: str
    status: str
    levels: NDArray[np.uint8]
    positive: NDArray[np.bool_]
    iou: float


@dataclass(frozen=True, eq=False)
class MethodMaps:
    """One method on one image.

    Attributes:
        method: its short text.
        layers: shallow to deep; empty where the method has no maps of layers.
        fused: None where there is no heatmap.
        reason: why there is none.
    """

    method: str
    layers: tuple[LayerMap, ...] = ()
    fused: FusedMap | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Block:
    """An image at the input size, a caption, and every method on it."""

    image: Tile
    caption: str
    methods: tuple[MethodMaps, ...]
