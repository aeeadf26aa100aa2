"""The qualitative figures of the page, for papers: a row for each image, a column for each method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from reports.heatmap_overlay import overlay
from reports.page.page_data import PageData
from reports.saving import save_all
from reports.style import new_figure
from results.status import Status
from results.store.published import papers, published

ROWS, COLUMNS = 5, 9
"""Images and methods in a figure, at most."""
WIDTH, TITLE = 7.2, 0.28
"""Width of the figure, and height of its headings, in inches."""

Picture = NDArray[np.uint8]
Draw = Callable[[Picture, Picture, NDArray[np.bool_]], Picture]
"""From image, levels and predicted positives to a picture."""


def write_qualitative_figures(data: PageData, folder: Path) -> list[str]:
    """Write ``figures/heatmaps`` and ``figures/masks`` as PDF and PNG into the page's folder, and return their names.

    The columns are the best of the methods that the papers print or, if there are none, of all. No figure is written
    where the gallery of the run has no defective image.
    """
    defective = set(data.defective["image"])
    kept = [path.parent for path in sorted((data.folder / "gallery").glob("*/image.png"))]
    kept = [path for path in kept if unquote(path.name) in defective]
    methods = _methods(data)
    if not kept or not methods:
        return []
    count = min(ROWS, len(kept))
    chosen = [kept[number * len(kept) // count] for number in range(count)]
    shown = {"heatmaps": _heatmap, "masks": _mask}
    for name, draw in shown.items():
        rows = [_row(data, path, methods, draw) for path in chosen]
        targets = [folder / "figures" / f"{name}{end}" for end in (".pdf", ".png")]
        save_all(_grid(rows, ["image", "mask", *methods]), targets, dpi=300)
    return list(shown)


def _row(data: PageData, path: Path, methods: list[str], draw: Draw) -> list[Picture | None]:
    image, mask = np.asarray(Image.open(path / "image.png").convert("RGB")), _grey(path / "mask.png")
    cells = [_cell(data, path, method) for method in methods]
    return [image, _coloured(mask), *(cell and draw(image, *cell) for cell in cells)]


def _methods(data: PageData) -> list[str]:
    worth = {row.spec: row.mean["iou"] for row in data.summary.rows}
    shown = list(data.defective["spec"].drop_duplicates())
    printed = {spec for dataset in papers()["dataset"].unique() for spec in published(dataset)["spec"]}
    shown = [spec for spec in shown if spec in printed] or shown
    best = sorted(shown, key=lambda spec: -worth[spec])[:COLUMNS]
    return [spec for spec in shown if spec in best]


def _cell(data: PageData, path: Path, method: str) -> tuple[Picture, NDArray[np.bool_]] | None:
    """Return the levels of one heatmap and its predicted positives; None where there is no heatmap."""
    file = path / f"{quote(method, safe='')}.png"
    rows = data.images[(data.images["spec"] == method) & (data.images["image"] == unquote(path.name))]
    if not file.is_file() or rows.empty:
        return None
    first = rows.sort_values(["seed", "fold"]).iloc[0]
    levels = _grey(file)
    return levels, (levels > first["threshold"]) & (first["status"] == Status.OK)


def _heatmap(image: Picture, levels: Picture, positive: NDArray[np.bool_]) -> Picture:
    return overlay(image, levels, np.zeros_like(positive))


def _mask(_image: Picture, _levels: Picture, positive: NDArray[np.bool_]) -> Picture:
    return _coloured(255 * positive.astype(np.uint8))


def _grid(rows: list[list[Picture | None]], titles: list[str]) -> Figure:
    """Set pictures of one size side by side, as one picture: to draw a hundred axes takes ten times as long."""
    tall, wide, _ = next(picture for picture in rows[0] if picture is not None).shape
    gap = max(1, wide // 25)
    sheet = np.full((len(rows) * (tall + gap), len(titles) * (wide + gap), 3), 255, dtype=np.uint8)
    for number, row in enumerate(rows):
        for column, picture in enumerate(row):
            if picture is not None:
                top, left = number * (tall + gap), column * (wide + gap)
                sheet[top : top + tall, left : left + wide] = picture
    height = WIDTH * sheet.shape[0] / sheet.shape[1]
    figure = new_figure(WIDTH, height + TITLE, layout="none")
    axis = figure.add_axes((0, 0, 1, height / (height + TITLE)))
    axis.axis("off")
    axis.imshow(sheet, aspect="auto", interpolation="none")
    for column, title in enumerate(titles):
        text = title.replace("+", "\n+", 1) if len(title) > 10 else title
        middle = column * (wide + gap) + wide / 2
        axis.text(middle, -gap, text, fontsize=5.5, ha="center", va="bottom")
    return figure


def _grey(path: Path) -> Picture:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


def _coloured(grey: Picture) -> Picture:
    return np.repeat(grey[:, :, None], 3, axis=2)
