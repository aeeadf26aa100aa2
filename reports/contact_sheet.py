"""One picture of a dataset: images with their defects outlined, and how large the defects are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from reports.saving import save

WIDTH = 1.35
"""Of an image, in inches."""
TALLEST = 2.4
"""Height of an image to its width, at most; the rest is left white at its sides."""
# Yellow on black is seen on light and dark surfaces, and by every kind of colour vision.
LINE, UNDER_LINE, BARS, MEDIAN = "#F0E442", "#000000", "#0072B2", "#D55E00"
MARGIN = 0.01
"""Between a defect and the line around it, as a share of the image's longer side."""
BINS_A_DECADE = 6


@dataclass(frozen=True)
class Tile:
    """An image, (H, W, 3) of 0 to 255, its mask, (H, W), and its name."""

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    name: str


@dataclass(frozen=True)
class Kind:
    """What is shown of one class.

    Attributes:
        label: name of the class.
        counts: images of each split.
        tiles: some of them, by split.
        shares: marked share of each defective image, 0 to 1; empty for the class without defects.
    """

    label: str
    counts: dict[str, int]
    tiles: dict[str, list[Tile]]
    shares: NDArray[np.float64]


def draw(kinds: list[Kind], title: str, target: Path) -> None:
    """Draw a row for each class: images of each split, and a histogram of the shares on a log axis.

    Args:
        kinds: at least one class; all with the same splits.
        title: of the picture.
        target: the PNG file; its folder is made.
    """
    splits = list(kinds[0].counts)
    many = {split: max(1, *(len(kind.tiles[split]) for kind in kinds)) for split in splits}
    shapes = [tile.mask.shape for kind in kinds for tiles in kind.tiles.values() for tile in tiles]
    height = WIDTH * min(TALLEST, float(np.median([tall / wide for tall, wide in shapes]))) + 0.35
    columns = sum(many.values())
    size = (WIDTH * (columns + 2.6), height * len(kinds) + 0.9)
    figure = plt.figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=10)
    grid = figure.add_gridspec(len(kinds), columns + 1, width_ratios=[1] * columns + [2.2])
    limits = _limits(np.concatenate([kind.shares for kind in kinds]))
    for number, kind in enumerate(kinds):
        axes = [figure.add_subplot(grid[number, column]) for column in range(columns + 1)]
        _images(axes[:-1], kind, many, heading=number == 0)
        _histogram(axes[-1], kind.shares, limits)
    axes[-1].set_xlabel("marked share of the image", fontsize=7)
    save(figure, target, 130)


def _images(axes: list[Any], kind: Kind, many: dict[str, int], *, heading: bool) -> None:
    rest = iter(axes)
    for split, number in many.items():
        cells = [next(rest) for _ in range(number)]
        for cell in cells:
            cell.set(xticks=[], yticks=[])
            cell.spines[:].set_visible(False)
        for cell, tile in zip(cells, kind.tiles[split], strict=False):
            outline(cell, tile.image, tile.mask)
            cell.set_xlabel(shortened(tile.name), fontsize=5)
        if heading:
            cells[0].set_title(split, fontsize=9, loc="left")
        if not kind.tiles[split]:
            cells[0].set_facecolor("none")
            cells[0].text(0.5, 0.5, "none", ha="center", va="center", fontsize=7, color="0.4")
    counts = "\n".join(f"{number} {split}" for split, number in kind.counts.items())
    axes[0].set_ylabel(f"{kind.label}\n{counts}", fontsize=7, rotation=0, ha="right", va="center")


def outline(axis: Any, image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> None:
    """Show (H, W, 3) or (H, W) `image` on `axis`, with a line around what `mask`, (H, W), marks."""
    axis.imshow(image, cmap="gray", vmin=0, vmax=255)
    if mask.any():
        # Around the defect, since a line on its border would cover a thin one; closed at the image's edge too.
        margin = max(1, round(max(mask.shape) * MARGIN))
        padded = Image.fromarray(np.pad(mask, margin + 1)).convert("L").filter(ImageFilter.MaxFilter(2 * margin + 1))
        rows, columns = (np.arange(-margin - 1, side + margin + 1) for side in mask.shape)
        for colour, width in ((UNDER_LINE, 1.6), (LINE, 0.8)):
            axis.contour(columns, rows, np.asarray(padded), levels=[127], colors=colour, linewidths=width)
        axis.set(xlim=(-margin - 1, mask.shape[1] + margin), ylim=(mask.shape[0] + margin, -margin - 1))


def shortened(name: str, most: int = 26) -> str:
    """Return `name`, or its end where it is long."""
    return name if len(name) <= most else f"…{name[1 - most :]}"


def _limits(shares: NDArray[np.float64]) -> tuple[float, float]:
    """Return the powers of ten around all shares that are not 0."""
    marked = shares[shares > 0]
    if not len(marked):
        return 0.01, 1.0
    low = 10.0 ** np.floor(np.log10(marked.min()))
    return float(low), float(max(10.0 ** np.ceil(np.log10(marked.max())), 10 * low))


def _histogram(axis: Any, shares: NDArray[np.float64], limits: tuple[float, float]) -> None:
    marked = shares[shares > 0]
    if not len(marked):
        axis.axis("off")
        return
    decades = round(np.log10(limits[1] / limits[0]))
    axis.hist(marked, bins=np.geomspace(*limits, decades * BINS_A_DECADE + 1), color=BARS)
    axis.axvline(float(np.median(marked)), color=MEDIAN, linestyle="--", linewidth=1)
    axis.set(xscale="log", xlim=limits)
    axis.xaxis.set_major_locator(LogLocator())
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.tick_params(labelsize=6)
    axis.spines[["top", "right"]].set_visible(False)
    empty = f"; {len(shares) - len(marked)} mark nothing" if len(marked) < len(shares) else ""
    axis.set_title(f"median {100 * np.median(marked):.2g} %{empty}", fontsize=7, color=MEDIAN)
    axis.set_ylabel("images", fontsize=6)
