"""One picture of what methods see layer by layer: each layer's map alone, its share, and the fused map."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from reports.contact_sheet import Tile, outline, shortened
from reports.overview import COLOURS
from reports.saving import save
from results.status import Status

FEWEST, MOST = 3, 7
"""Layers that a line has room for: enough for the title, and not too many to be told apart."""
SIDE, NARROWEST, WIDEST, TALLEST = 1.1, 1.0, 1.4, 2.0
"""Of a map, in inches: the side of a square one, the width that a title needs, the largest width and height."""
IMAGE = 1.5
"""Side of the image to that of a map, where there is room."""
MARGIN, GAP, HEADING, NAME, TITLE, LINE = 0.15, 0.1, 0.3, 0.15, 0.25, 0.12
"""In inches: around the sheet, between maps, above a block, of a method's name, above a map, and of a line of text."""
DPI, TEXT, CHARACTER = 200, 6, 0.047
"""Size of the text in points, and the width of a character of it in inches."""
LEGEND = (
    "Every map over its own range. Percent: a layer's part of all layers' values where the fused map is largest; "
    "max: its own largest value. White line: what Otsu's threshold marks in the fused map."
)


@dataclass(frozen=True, eq=False)
class LayerMap:
    """The map of one layer alone.

    Attributes:
        stage: that it ends, e.g. ``S3``; empty where it ends none.
        name: of the layer.
        levels: (H, W) uint8, 0 its lowest value, 255 its highest.
        maximum: its highest value.
        share: its part of all layers' values at the pixel where the fused map is largest, 0 to 1; NaN where all are 0.
    """

    stage: str
    name: str
    levels: NDArray[np.uint8]
    maximum: float
    share: float


@dataclass(frozen=True, eq=False)
class FusedMap:
    """What a method makes of all its layers.

    Attributes:
        how: they were fused; empty where there was one map only.
        status: ``ok``, ``constant`` or ``not finite``; only the first marks anything.
        levels: (H, W) uint8.
        marked: (H, W), what the threshold marks.
        iou: of it with the mask, 0 to 1; NaN without a defect.
    """

    how: str
    status: str
    levels: NDArray[np.uint8]
    marked: NDArray[np.bool_]
    iou: float


@dataclass(frozen=True, eq=False)
class MethodMaps:
    """One method on one image.

    Attributes:
        method: its short text.
        layers: shallow to deep; empty where it has no map of a layer.
        fused: None where there is none.
        reason: why there is none.
    """

    method: str
    layers: tuple[LayerMap, ...] = ()
    fused: FusedMap | None = None
    reason: str = ""

    @property
    def lines(self) -> int:
        """Return how many lines of maps it takes."""
        return max(math.ceil(len(self.layers) / MOST), int(self.fused is not None))


@dataclass(frozen=True, eq=False)
class Block:
    """One image at the size of the input, what the sheet says of it, and every method on it."""

    image: Tile
    caption: str
    methods: tuple[MethodMaps, ...]


@dataclass(frozen=True)
class _Sizes:
    """Width and height of a map in inches, the layers that a line has room for, and what follows from them."""

    width: float
    height: float
    layers: int

    @property
    def fused(self) -> float:
        """Left edge of the fused maps."""
        return self.maps + self.layers * (self.width + GAP) + GAP

    @property
    def maps(self) -> float:
        """Left edge of the maps."""
        return MARGIN + IMAGE * self.width + 3 * GAP

    @property
    def sheet(self) -> float:
        """Width of the whole."""
        return self.fused + self.width + MARGIN

    def reason(self, one: MethodMaps) -> list[str]:
        """Return the lines of why there is no map."""
        return textwrap.wrap(one.reason, int((self.sheet - MARGIN - self.maps) / CHARACTER))

    def method(self, one: MethodMaps) -> float:
        """Height of one method."""
        return NAME + one.lines * (TITLE + self.height) + len(self.reason(one)) * LINE + GAP

    def block(self, one: Block) -> float:
        """Height of one image with all its methods."""
        return HEADING + max(self.height, sum(map(self.method, one.methods))) + GAP


class _Sheet:
    """A figure on which places are given in inches from its upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.size = width, height
        self.figure = plt.figure(figsize=self.size)

    def axis(self, left: float, top: float, width: float, height: float) -> Any:
        wide, tall = self.size
        axis = self.figure.add_axes((left / wide, 1 - (top + height) / tall, width / wide, height / tall))
        axis.set(xticks=[], yticks=[])
        return axis

    def text(self, left: float, top: float, text: str, **style: Any) -> None:
        wide, tall = self.size
        self.figure.text(left / wide, 1 - top / tall, text, va="top", **{"fontsize": TEXT, **style})

    def rule(self, left: float, top: float, right: float) -> None:
        wide, tall = self.size
        height = 1 - top / tall
        line = Line2D([left / wide, right / wide], [height, height], color="0.7", linewidth=0.5)
        self.figure.add_artist(line)


def draw(blocks: list[Block], title: str, target: Path) -> None:
    """Draw a block for each image, in it a row for each method, in that a map for each layer and the fused one.

    Args:
        blocks: at least one; all images of one size.
        title: of the picture.
        target: the PNG file; its folder is made.
    """
    sizes = _sizes(blocks)
    legend = textwrap.wrap(LEGEND, int((sizes.sheet - 2 * MARGIN) / CHARACTER))
    height = 2 * MARGIN + HEADING + sum(map(sizes.block, blocks)) + len(legend) * LINE
    sheet = _Sheet(sizes.sheet, height)
    sheet.text(MARGIN, MARGIN, title, fontsize=TEXT + 3)
    top = MARGIN + HEADING
    for block in blocks:
        _block(sheet, sizes, block, top)
        top += sizes.block(block)
    sheet.text(MARGIN, top, "\n".join(legend), color="0.3")
    save(sheet.figure, target, DPI)


def _sizes(blocks: list[Block]) -> _Sizes:
    tall, wide = blocks[0].image.mask.shape
    width = min(max(NARROWEST, SIDE * math.sqrt(wide / tall)), WIDEST)
    most = max(len(one.layers) for block in blocks for one in block.methods)
    return _Sizes(width, min(TALLEST, width * tall / wide), min(max(most, FEWEST), MOST))


def _block(sheet: _Sheet, sizes: _Sizes, block: Block, top: float) -> None:
    sheet.rule(MARGIN, top, sizes.sheet - MARGIN)
    sheet.text(MARGIN, top + GAP, shortened(block.image.name), fontsize=TEXT + 1, weight="bold")
    sheet.text(sizes.maps, top + GAP, block.caption, fontsize=TEXT + 1)
    top += HEADING
    height = min(IMAGE * sizes.height, sizes.block(block) - HEADING - GAP)
    axis = sheet.axis(MARGIN, top, IMAGE * sizes.width, height)
    outline(axis, block.image.image, block.image.mask)
    axis.spines[:].set_visible(False)
    axis.set_anchor("NW")
    for one in block.methods:
        _method(sheet, sizes, one, top)
        top += sizes.method(one)


def _method(sheet: _Sheet, sizes: _Sizes, one: MethodMaps, top: float) -> None:
    sheet.text(sizes.maps, top, one.method, fontsize=TEXT + 1, weight="bold")
    top += NAME
    sheet.text(sizes.maps, top, "\n".join(sizes.reason(one)), color="0.3")
    for layer, (left, down) in zip(one.layers, _places(sizes, len(one.layers)), strict=True):
        axis = sheet.axis(left, top + down, sizes.width, sizes.height)
        _show(axis, layer.levels, _of_layer(layer, sizes))
    if one.fused:
        axis = sheet.axis(sizes.fused, top + TITLE, sizes.width, sizes.height)
        _show(axis, one.fused.levels, _of_fused(one.fused))
        _contour(axis, one.fused.marked)


def _places(sizes: _Sizes, number: int) -> Iterator[tuple[float, float]]:
    """Yield the left edge of each layer's map, and how far it is below the first line's titles."""
    for place in range(number):
        line, column = divmod(place, MOST)
        yield sizes.maps + column * (sizes.width + GAP), line * (TITLE + sizes.height) + TITLE


def _of_layer(layer: LayerMap, sizes: _Sizes) -> str:
    share = "–" if math.isnan(layer.share) else f"{100 * layer.share:.1f} %"
    maximum = f"{layer.maximum:.1e}" if layer.maximum else "0"
    stage = layer.stage and f"{layer.stage} "
    name = shortened(layer.name, int(sizes.width / CHARACTER) - len(stage))
    return f"{stage}{name}\n{share}, max {maximum}"


def _of_fused(fused: FusedMap) -> str:
    score = f"marks {100 * fused.marked.mean():.1f} %" if math.isnan(fused.iou) else f"IoU {100 * fused.iou:.1f} %"
    how = f"fused ({fused.how})" if fused.how else "the map"
    return f"{how}\n{score}" if fused.status == Status.OK else f"{how}\n{fused.status}: {score}"


def _show(axis: Any, levels: NDArray[np.uint8], title: str) -> None:
    axis.imshow(levels, cmap=COLOURS, vmin=0, vmax=255)
    axis.set_title(title, fontsize=TEXT, pad=2, linespacing=1.1)
    axis.spines[:].set_visible(False)


def _contour(axis: Any, marked: NDArray[np.bool_]) -> None:
    """Draw a line on the border of what is marked, closed at the edge of the picture."""
    if marked.any():
        rows, columns = (np.arange(-1, side + 1) for side in marked.shape)
        axis.contour(columns, rows, np.pad(marked, 1), levels=[0.5], colors="white", linewidths=0.5)
        axis.set(xlim=(-0.5, marked.shape[1] - 0.5), ylim=(marked.shape[0] - 0.5, -0.5))
