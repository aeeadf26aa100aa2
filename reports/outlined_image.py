"""An image on a sheet, its defect outlined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from reports.style import BLACK, YELLOW

# Yellow on black is seen on light and on dark surfaces, and with every kind of colour vision.
LINE, UNDER_LINE = YELLOW, BLACK
MARGIN = 0.01
"""Distance of the line from the defect, as a share of the image's longer side."""


@dataclass(frozen=True, eq=False)
class Tile:
    """An image, (H, W, 3) of 0 to 255, its mask, (H, W), and its name."""

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    name: str


def outline(axis: Any, tile: Tile) -> None:
    """Show an image on `axis`, with a line around its defect."""
    mask = tile.mask
    axis.imshow(tile.image, cmap="gray", vmin=0, vmax=255)
    if mask.any():
        # A line on the border of a thin defect would cover it. Padded, the line is closed at the image's edge too.
        margin = max(1, round(max(mask.shape) * MARGIN))
        padded = Image.fromarray(np.pad(mask, margin + 1)).convert("L").filter(ImageFilter.MaxFilter(2 * margin + 1))
        rows, columns = (np.arange(-margin - 1, side + margin + 1) for side in mask.shape)
        for colour, width in ((UNDER_LINE, 1.6), (LINE, 0.8)):
            axis.contour(columns, rows, np.asarray(padded), levels=[127], colors=colour, linewidths=width)
        axis.set(xlim=(-margin - 1, mask.shape[1] + margin), ylim=(mask.shape[0] + margin, -margin - 1))


def shortened(name: str, most: int = 26) -> str:
    """Return `name`, or its end where it is longer than `most` characters.

    >>> shortened("kos01/Part5"), shortened("a/very/long/path/000", most=10)
    ('kos01/Part5', '…/path/000')
    """
    return name if len(name) <= most else f"…{name[1 - most :]}"
