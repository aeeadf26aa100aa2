"""One picture of a run: some photographs, and what each method sees in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from results.errors import ResultError

COLOURS = "viridis"
COLUMN_WIDTH = 1.6
DPI = 90


def draw(folder: Path, methods: list[str]) -> Path:
    """Draw the run's gallery as ``overview.png``: a row an image, a column a method, the mask outlined.

    Args:
        folder: of the run.
        methods: short texts of the methods, in the order of the columns.

    Returns:
        Where the picture is.

    Raises:
        ResultError: the run has kept no pictures.
    """
    images = sorted((folder / "gallery").glob("*/image.png"))
    if not images:
        raise ResultError(f"{folder} has no pictures: none of the photographs chosen for it could be read")
    images = [image.parent for image in images]
    tall, wide = np.asarray(Image.open(images[0] / "image.png")).shape[:2]
    size = (COLUMN_WIDTH * (len(methods) + 1), COLUMN_WIDTH * tall / wide * len(images) + 0.6)
    figure, axes = plt.subplots(len(images), len(methods) + 1, figsize=size, squeeze=False, layout="constrained")
    for row, image in zip(axes, images, strict=True):
        photograph = np.asarray(Image.open(image / "image.png").convert("L"))
        mask = np.asarray(Image.open(image / "mask.png"))
        _show(row[0], photograph, mask, None)
        row[0].set_ylabel(unquote(image.name), fontsize=7)
        for axis, method in zip(row[1:], methods, strict=True):
            path = image / f"{quote(method, safe='')}.png"
            _show(axis, photograph, mask, np.asarray(Image.open(path)) if path.is_file() else None)
    for axis, title in zip(axes[0], ["photograph", *methods], strict=True):
        axis.set_title(title.replace("+", "\n+", 1) if len(title) > 14 else title, fontsize=7)
    target = folder / "overview.png"
    figure.savefig(target, dpi=DPI)
    plt.close(figure)
    return target


def _show(axis: Any, photograph: np.ndarray, mask: np.ndarray, levels: np.ndarray | None) -> None:
    axis.set(xticks=[], yticks=[])
    axis.imshow(photograph, cmap="gray", vmin=0, vmax=255)
    if levels is not None:
        axis.imshow(levels, cmap=COLOURS, vmin=0, vmax=255, alpha=0.65)
    if mask.any():
        axis.contour(mask, levels=[127], colors="white" if levels is not None else "red", linewidths=0.6)
