"""A heatmap over its image, pixel by pixel."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from reports.style import HEATMAP

OPACITY = 0.5
INSIDE, OUTSIDE = (255, 255, 255), (0, 0, 0)
"""Colours of the line around the predicted positives: white within and black outside, to be seen on any image."""


def overlay(image: NDArray[np.uint8], levels: NDArray[np.uint8], positive: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Lay a heatmap over an image, with a line around the pixels predicted positive.

    Args:
        image: (H, W, 3), 0 to 255.
        levels: (H, W), 0 to 255.
        positive: (H, W).

    Returns:
        (H, W, 3), 0 to 255.
    """
    colours = mpl.colormaps[HEATMAP](levels)[..., :3] * 255
    mixed = ((1 - OPACITY) * image + OPACITY * colours).round().astype(np.uint8)
    wide = max(1, round(max(positive.shape) / 400))
    mixed[positive & _near(~positive, wide, beyond=True)] = INSIDE
    mixed[~positive & _near(positive, wide, beyond=False)] = OUTSIDE
    return mixed


def _near(where: NDArray[np.bool_], reach: int, *, beyond: bool) -> NDArray[np.bool_]:
    """Tell which pixels have a pixel of `where` at a distance of at most `reach`, along a row or a column."""
    padded = np.pad(where, reach, constant_values=beyond)
    tall, wide = where.shape
    near = where.copy()
    for step in range(-reach, reach + 1):
        near |= padded[reach + step : reach + step + tall, reach : reach + wide]
        near |= padded[reach : reach + tall, reach + step : reach + step + wide]
    return near
