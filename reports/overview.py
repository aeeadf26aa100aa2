"""One picture of a run: some images, and what each method sees in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from reports.saving import save
from results.errors import ResultError

COLOURS = "viridis"
COLUMN_WIDTH = 1.6
TITLE, MARGIN = 0.32, 0.2
"""Width of a picture, height of the title above it, and width of the image's name beside it, in inches."""
DPI = 90
ACROSS = 13
"""Pictures side by side, the image first: 1872 pixels."""
TALLEST = 33.0
"""Inches that are filled with images; the others are left out."""


def draw(folder: Path, methods: list[str]) -> Path:
    """Draw some of the run's gallery as ``overview.png``: the mask outlined, and each method's heatmap.

    A row an image and a column a method; where methods are too many for one row they go on in the next one. At most
    1900 pixels wide and, with several images, about 3000 high.

    Args:
        folder: of the run.
        methods: short texts of the methods, in the order of the columns.

    Returns:
        Where the picture is.

    Raises:
        ResultError: the run has kept no pictures.
    """
    kept = sorted((folder / "gallery").glob("*/image.png"))
    if not kept:
        raise ResultError(f"{folder} has no pictures: none of the images chosen for it could be read")
    across = -(-len(methods) // -(-len(methods) // (ACROSS - 1)))
    blocks = [methods[first : first + across] for first in range(0, len(methods), across)]
    tall, wide = np.asarray(Image.open(kept[0])).shape[:2]
    height = COLUMN_WIDTH * tall / wide + TITLE
    most = max(1, int(TALLEST / (height * len(blocks))))
    images = [path.parent for path in _spread(kept, most)]
    columns, rows = 1 + max(map(len, blocks)), len(blocks) * len(images)
    size = (COLUMN_WIDTH * columns, height * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    # By hand: so many panels of one size need none of the time that it takes to lay them out.
    space = {"wspace": 0.04, "hspace": TITLE / (height - TITLE)}
    figure.subplots_adjust(left=MARGIN / size[0], right=1, top=1 - TITLE / size[1], bottom=0, **space)
    places = [(image, block) for image in images for block in blocks]
    for row, (image, block) in zip(axes, places, strict=True):
        _row(row, image, block, heading=image == images[0] or len(blocks) > 1)
    return save(figure, folder / "overview.png", DPI)


def _spread(kept: list[Path], most: int) -> list[Path]:
    """Return up to `most` of `kept`, evenly spread over all."""
    count = min(most, len(kept))
    return [kept[number * len(kept) // count] for number in range(count)]


def _row(row: Any, folder: Path, methods: list[str], *, heading: bool) -> None:
    """Show one image, and what some methods see in it."""
    image = np.asarray(Image.open(folder / "image.png").convert("L"))
    mask = np.asarray(Image.open(folder / "mask.png"))
    _show(row[0], image, mask, None)
    row[0].set_ylabel(unquote(folder.name), fontsize=7)
    for axis, method in zip(row[1:], methods, strict=False):
        path = folder / f"{quote(method, safe='')}.png"
        _show(axis, image, mask, np.asarray(Image.open(path)) if path.is_file() else None)
    for axis in row[1 + len(methods) :]:
        axis.axis("off")
    if heading:
        for axis, title in zip(row, ["image", *methods], strict=False):
            axis.set_title(title.replace("+", "\n+", 1) if len(title) > 14 else title, fontsize=7)


def _show(axis: Any, image: np.ndarray, mask: np.ndarray, levels: np.ndarray | None) -> None:
    axis.set(xticks=[], yticks=[])
    axis.imshow(image, cmap="gray", vmin=0, vmax=255)
    if levels is not None:
        axis.imshow(levels, cmap=COLOURS, vmin=0, vmax=255, alpha=0.65)
    if mask.any():
        axis.contour(mask, levels=[127], colors="white" if levels is not None else "red", linewidths=0.6)
