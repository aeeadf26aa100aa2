"""The layer sheet: each layer's map alone, with its share in the fused heatmap, and the fused heatmap itself."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from reports.formatting import UNDEFINED
from reports.layer_maps import Block, FusedMap, LayerMap, MethodMaps
from reports.outlined_image import outline, shortened
from reports.saving import save
from reports.style import DARK, HEATMAP, PALE, new_figure, no_frame
from results.status import Status

FEWEST, MOST = 3, 7
"""Layers in one line, at least and at most: enough room for the title, few enough to be told apart."""
SIDE, NARROWEST, WIDEST, TALLEST = 1.1, 1.0, 1.4, 2.0
"""Of a map, in inches: side of a square one, width that its title needs, largest width, largest height."""
IMAGE = 1.5
"""Size of the image relative to that of a map, where there is room."""
MARGIN, GAP, HEADING, NAME, TITLE, LINE = 0.15, 0.1, 0.3, 0.15, 0.25, 0.12
"""In inches: around the sheet, between maps, above a block, of a method's name, above a map, and of a line of text."""
DPI, TEXT, CHARACTER = 200, 6, 0.047
"""Resolution, size of the text in points, and the width of one of its characters in inches."""
LEGEND = (
    "Every map is scaled to its own range. Percent: share of a layer in the sum of all layers, at the maximum of the "
    "fused heatmap; max: the layer's own maximum. White line: pixels of the fused heatmap above Otsu's threshold."
)


@dataclass(frozen=True)
class _Sizes:
    """Width and height of a map in inches, the layers in a line, and all sizes that follow from these."""

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
        """Return why there is no map, as lines of text."""
        return textwrap.wrap(one.reason, int((self.sheet - MARGIN - self.maps) / CHARACTER))

    def method(self, one: MethodMaps) -> float:
        """Height of one method."""
        lines = max(math.ceil(len(one.layers) / MOST), int(one.fused is not None))
        return NAME + lines * (TITLE + self.height) + len(self.reason(one)) * LINE + GAP

    def block(self, one: Block) -> float:
        """Height of an image with all its methods."""
        return HEADING + max(self.height, sum(map(self.method, one.methods))) + GAP


class _Sheet:
    """A figure whose positions are given in inches from its upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.size = width, height
        self.figure = new_figure(width, height, layout="none")

    def axis(self, left: float, top: float, width: float, height: float) -> Any:
        wide, tall = self.size
        axis = self.figure.add_axes((left / wide, 1 - (top + height) / tall, width / wide, height / tall))
        no_frame(axis)
        return axis

    def text(self, left: float, top: float, text: str, **style: Any) -> None:
        wide, tall = self.size
        self.figure.text(left / wide, 1 - top / tall, text, va="top", **{"fontsize": TEXT, **style})

    def rule(self, left: float, top: float, right: float) -> None:
        wide, tall = self.size
        height = 1 - top / tall
        line = Line2D([left / wide, right / wide], [height, height], color=PALE, linewidth=0.5)
        self.figure.add_artist(line)


def draw(blocks: list[Block], title: str, target: Path) -> None:
    """Draw a block for each image, in it a row for each method: a map for each layer, and the fused heatmap.

    Args:
        blocks: at least one; all images of one size.
        title: of the sheet.
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
    sheet.text(MARGIN, top, "\n".join(legend), color=DARK)
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
    outline(axis, block.image)
    axis.set_anchor("NW")
    for one in block.methods:
        _method(sheet, sizes, one, top)
        top += sizes.method(one)


def _method(sheet: _Sheet, sizes: _Sizes, one: MethodMaps, top: float) -> None:
    sheet.text(sizes.maps, top, one.method, fontsize=TEXT + 1, weight="bold")
    top += NAME
    sheet.text(sizes.maps, top, "\n".join(sizes.reason(one)), color=DARK)
    for layer, (left, down) in zip(one.layers, _places(sizes, len(one.layers)), strict=True):
        axis = sheet.axis(left, top + down, sizes.width, sizes.height)
        _show(axis, layer.levels, _of_layer(layer, sizes))
    if one.fused:
        axis = sheet.axis(sizes.fused, top + TITLE, sizes.width, sizes.height)
        _show(axis, one.fused.levels, _of_fused(one.fused))
        _contour(axis, one.fused.positive)


def _places(sizes: _Sizes, number: int) -> Iterator[tuple[float, float]]:
    """Yield the left edge of each layer's map, and its distance below the method's name."""
    for place in range(number):
        line, column = divmod(place, MOST)
        yield sizes.maps + column * (sizes.width + GAP), line * (TITLE + sizes.height) + TITLE


def _of_layer(layer: LayerMap, sizes: _Sizes) -> str:
    share = UNDEFINED if math.isnan(layer.share) else f"{100 * layer.share:.1f} %"
    maximum = f"{layer.maximum:.1e}" if layer.maximum else "0"
    stage = layer.stage and f"{layer.stage} "
    name = shortened(layer.name, int(sizes.width / CHARACTER) - len(stage))
    return f"{stage}{name}\n{share}, max {maximum}"


def _of_fused(fused: FusedMap) -> str:
    score = f"FP area {100 * fused.positive.mean():.1f} %" if math.isnan(fused.iou) else f"IoU {100 * fused.iou:.1f} %"
    how = f"fused ({fused.how})" if fused.how else "heatmap"
    return f"{how}\n{score}" if fused.status == Status.OK else f"{how}\n{fused.status}: {score}"


def _show(axis: Any, levels: NDArray[np.uint8], title: str) -> None:
    axis.imshow(levels, cmap=HEATMAP, vmin=0, vmax=255)
    axis.set_title(title, fontsize=TEXT, pad=2, linespacing=1.1)


def _contour(axis: Any, positive: NDArray[np.bool_]) -> None:
    """Draw a line around the pixels predicted positive; it is closed at the edge of the map too."""
    if positive.any():
        rows, columns = (np.arange(-1, side + 1) for side in positive.shape)
        axis.contour(columns, rows, np.pad(positive, 1), levels=[0.5], colors="white", linewidths=0.5)
        axis.set(xlim=(-0.5, positive.shape[1] - 0.5), ylim=(positive.shape[0] - 0.5, -0.5))
