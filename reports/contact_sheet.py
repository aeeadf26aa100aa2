"""The contact sheet of a dataset: images of each class and split, defects outlined, and how large the defects are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from reports.formatting import counted
from reports.outlined_image import Tile, outline, shortened
from reports.saving import save
from reports.style import BLUE, GREY, VERMILLION, new_figure, no_frame, open_frame

WIDTH = 1.35
"""Width of an image, in inches."""
TALLEST = 2.4
"""Largest height of an image, relative to its width; taller ones become narrower."""
BARS, MEDIAN = BLUE, VERMILLION
BINS_A_DECADE = 6


@dataclass(frozen=True)
class Kind:
    """What is shown of one class.

    Attributes:
        label: name of the class.
        counts: number of images in each split.
        tiles: some of the images, by split.
        shares: area of the defect in each image, as a share of the image, 0 to 1; empty for the class without defects.
    """

    label: str
    counts: dict[str, int]
    tiles: dict[str, list[Tile]]
    shares: NDArray[np.float64]


def draw(kinds: list[Kind], title: str, target: Path) -> None:
    """Draw a row for each class: images of each split, and a histogram of defect areas on a logarithmic axis.

    Args:
        kinds: at least one class; all with the same splits.
        title: of the sheet.
        target: the PNG file; its folder is made.
    """
    splits = list(kinds[0].counts)
    many = {split: max(1, *(len(kind.tiles[split]) for kind in kinds)) for split in splits}
    height = image_height([tile for kind in kinds for tiles in kind.tiles.values() for tile in tiles]) + 0.35
    columns = sum(many.values())
    figure = new_figure(WIDTH * (columns + 2.6), height * len(kinds) + 0.9)
    figure.suptitle(title, fontsize=10)
    grid = figure.add_gridspec(len(kinds), columns + 1, width_ratios=[1] * columns + [2.2])
    limits = _limits(np.concatenate([kind.shares for kind in kinds]))
    for number, kind in enumerate(kinds):
        axes = [figure.add_subplot(grid[number, column]) for column in range(columns + 1)]
        _images(axes[:-1], kind, many, heading=number == 0)
        _histogram(axes[-1], kind.shares, limits)
    axes[-1].set_xlabel("defect area, share of the image", fontsize=7)
    save(figure, target, 130)


def image_height(tiles: list[Tile]) -> float:
    """Return the height, in inches, that fits images of `WIDTH` in the median."""
    return WIDTH * min(TALLEST, float(np.median([tile.mask.shape[0] / tile.mask.shape[1] for tile in tiles])))


def _images(axes: list[Any], kind: Kind, many: dict[str, int], *, heading: bool) -> None:
    rest = iter(axes)
    for split, number in many.items():
        cells = [next(rest) for _ in range(number)]
        for cell in cells:
            no_frame(cell)
        for cell, tile in zip(cells, kind.tiles[split], strict=False):
            outline(cell, tile)
            cell.set_xlabel(shortened(tile.name), fontsize=5)
        if heading:
            cells[0].set_title(split, fontsize=9, loc="left")
        if not kind.tiles[split]:
            cells[0].set_facecolor("none")
            cells[0].text(0.5, 0.5, "none", ha="center", va="center", fontsize=7, color=GREY)
    counts = "\n".join(f"{number} {split}" for split, number in kind.counts.items())
    axes[0].set_ylabel(f"{kind.label}\n{counts}", fontsize=7, rotation=0, ha="right", va="center")


def _limits(shares: NDArray[np.float64]) -> tuple[float, float]:
    """Return the powers of ten around all areas that are not 0."""
    known = shares[shares > 0]
    if not len(known):
        return 0.01, 1.0
    low = 10.0 ** np.floor(np.log10(known.min()))
    return float(low), float(max(10.0 ** np.ceil(np.log10(known.max())), 10 * low))


def _histogram(axis: Any, shares: NDArray[np.float64], limits: tuple[float, float]) -> None:
    known = shares[shares > 0]
    if not len(known):
        axis.axis("off")
        return
    decades = round(np.log10(limits[1] / limits[0]))
    axis.hist(known, bins=np.geomspace(*limits, decades * BINS_A_DECADE + 1), color=BARS)
    axis.axvline(float(np.median(known)), color=MEDIAN, linestyle="--", linewidth=1)
    axis.set(xscale="log", xlim=limits)
    axis.xaxis.set_major_locator(LogLocator())
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.tick_params(labelsize=6)
    open_frame(axis)
    empty = f"; {counted(len(shares) - len(known), 'empty mask')}" if len(known) < len(shares) else ""
    axis.set_title(f"median {100 * np.median(known):.2g} %{empty}", fontsize=7, color=MEDIAN)
    axis.set_ylabel("images", fontsize=6)
