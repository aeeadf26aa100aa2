"""One picture of the closest near-duplicates across splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from reports.contact_sheet import TALLEST, outline, shortened
from reports.saving import save

ACROSS = 4
"""Pairs side by side."""
WIDTH = 1.35
"""Of an image, in inches."""


@dataclass(frozen=True)
class NearDuplicates:
    """Two images, (H, W, 3) of 0 to 255, with their masks, (H, W), and names; and what joins them."""

    images: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    names: tuple[str, str]
    caption: str


def draw(pairs: list[NearDuplicates], title: str, target: Path) -> None:
    """Draw at least one pair, each with its caption above, as the PNG file `target`; its folder is made."""
    across = min(ACROSS, len(pairs))
    down = -(-len(pairs) // across)
    shapes = [mask.shape for pair in pairs for mask in pair.masks]
    height = WIDTH * min(TALLEST, float(np.median([tall / wide for tall, wide in shapes]))) + 0.45
    size = (2 * WIDTH * across + 0.4, height * down + 0.4)
    figure, axes = plt.subplots(down, 2 * across, figsize=size, squeeze=False, layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for (left, right), pair in zip(axes.reshape(-1, 2), pairs, strict=False):
        for axis, image, mask, name in zip((left, right), pair.images, pair.masks, pair.names, strict=True):
            outline(axis, image, mask)
            axis.set_xlabel(shortened(name), fontsize=5)
        # It runs on over the second image, for which the first one's column must not grow.
        left.set_title(pair.caption, fontsize=6.5, loc="left").set_in_layout(False)
        right.set_title(" ", fontsize=6.5)
    save(figure, target, 130)
