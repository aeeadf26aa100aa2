"""The sheet of near-duplicates: pairs of images that are almost the same and lie in different splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports.contact_sheet import WIDTH, image_height
from reports.outlined_image import Tile, outline, shortened
from reports.saving import save
from reports.style import new_figure, no_frame

ACROSS = 4
"""Pairs side by side."""


@dataclass(frozen=True)
class NearDuplicates:
    """Two images, and a caption that says how they are alike."""

    tiles: tuple[Tile, Tile]
    caption: str


def draw(pairs: list[NearDuplicates], title: str, target: Path) -> None:
    """Draw at least one pair, each with its caption above, as the PNG file `target`; its folder is made."""
    across = min(ACROSS, len(pairs))
    down = -(-len(pairs) // across)
    height = image_height([tile for pair in pairs for tile in pair.tiles]) + 0.45
    figure = new_figure(2 * WIDTH * across + 0.4, height * down + 0.4)
    figure.suptitle(title, fontsize=10)
    axes = figure.subplots(down, 2 * across, squeeze=False)
    for axis in axes.flat:
        no_frame(axis)
    for (left, right), pair in zip(axes.reshape(-1, 2), pairs, strict=False):
        for axis, tile in zip((left, right), pair.tiles, strict=True):
            outline(axis, tile)
            axis.set_xlabel(shortened(tile.name), fontsize=5)
        # The caption runs on over the second image: the layout must not widen the first one's column for it.
        left.set_title(pair.caption, fontsize=6.5, loc="left").set_in_layout(False)
        right.set_title(" ", fontsize=6.5)
    save(figure, target, 130)
