"""What methods see in a few images of the built-in set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docs.generating.subject import SHOWN, subject
from reports.saving import save
from reports.style import HEATMAP, new_figure, no_frame

SIDE = 1.5
"""Width and height of one image, in inches."""


def draw(target: Path, specs: list[str]) -> None:
    """Draw a row an image and a column a method, each heatmap over its image, the defect outlined."""
    known = subject()
    maps = [known.heatmaps(spec).numpy() for spec in specs]
    images = known.images.numpy().transpose(0, 2, 3, 1)
    figure = new_figure(SIDE * (1 + len(specs)), SIDE * len(SHOWN))
    axes = figure.subplots(len(SHOWN), 1 + len(specs), squeeze=False)
    for row, image, mask, seen in zip(axes, images, known.masks, zip(*maps, strict=True), strict=True):
        _show(row[0], image, mask, None)
        for axis, values in zip(row[1:], seen, strict=True):
            _show(axis, image, mask, values)
    for axis, title in zip(axes[0], ["image", *specs], strict=True):
        axis.set_title(title, fontsize=8)
    target.parent.mkdir(parents=True, exist_ok=True)
    save(figure, target)


def _show(axis: Any, image: NDArray[Any], mask: NDArray[np.bool_], values: NDArray[np.float32] | None) -> None:
    no_frame(axis)
    axis.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
    if values is not None:
        axis.imshow(values, cmap=HEATMAP, alpha=0.65)
    axis.contour(mask, levels=[0.5], colors="red" if values is None else "white", linewidths=0.8)
