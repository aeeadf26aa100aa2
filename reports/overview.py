"""The overview of a run: some of its images, and every method's heatmap of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from PIL import Image

from reports.saving import save
from reports.style import HEATMAP, new_figure
from results.errors import ResultError

COLUMN_WIDTH, TITLE, MARGIN = 1.6, 0.32, 0.2
"""Width of a heatmap, height of the title above it, and width of the image's name beside it, in inches."""
DPI = 90
ACROSS = 13
"""Columns at most, the image itself included: 1872 pixels."""
TALLEST = 33.0
"""Height at most, in inches; images that would make it taller are left out."""


def draw(folder: Path, methods: list[str]) -> Path:
    """Draw images of the run's gallery as ``overview.png``: their masks outlined, and each method's heatmap over them.

    A row is an image and a column a method; methods that do not fit into one row continue in the next one. The picture
    is at most 1900 pixels wide and, with several images, about 3000 pixels high.

    Args:
        folder: of the run.
        methods: short texts of the methods, in the order of the columns.

    Returns:
        Where the picture is.

    Raises:
        ResultError: the run has no gallery.
    """
    kept = sorted((folder / "gallery").glob("*/image.png"))
    if not kept:
        raise ResultError(f"{folder} has no gallery: none of the images chosen for it could be read")
    across = -(-len(methods) // -(-len(methods) // (ACROSS - 1)))
    blocks = [methods[first : first + across] for first in range(0, len(methods), across)]
    tall, wide = np.asarray(Image.open(kept[0])).shape[:2]
    height = COLUMN_WIDTH * tall / wide + TITLE
    most = max(1, int(TALLEST / (height * len(blocks))))
    images = [path.parent for path in _spread(kept, most)]
    columns, rows = 1 + max(map(len, blocks)), len(blocks) * len(images)
    size = (COLUMN_WIDTH * columns, height * rows)
    figure = new_figure(*size, layout="none")
    axes = figure.subplots(rows, columns, squeeze=False)
    # By hand: to lay out so many panels automatically takes long, and they are all of one size.
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
    """Show one image, and some methods' heatmaps of it."""
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
        axis.imshow(levels, cmap=HEATMAP, vmin=0, vmax=255, alpha=0.65)
    if mask.any():
        axis.contour(mask, levels=[127], colors="white" if levels is not None else "red", linewidths=0.6)
