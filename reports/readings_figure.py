"""The figure of readings: a panel for each method, its readings by question and by validation IoU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from reports.readings_table import DEFAULT_ANSWER, answer, question
from reports.saving import save
from reports.style import BLACK, BLUE, GREEN, VERMILLION, new_figure, open_frame
from results.studies.reading_scores import Scored

POINT, CHOSEN, DEFAULT, PAPER = BLUE, VERMILLION, BLACK, GREEN
"""Colours of a reading, of the one that validation chose, of the default, and of the published number."""
MOST_DRAWN = 60
"""Readings of a method in the figure, the best ones; the table holds all of them."""
ROW_HEIGHT, PANEL_WIDTH = 0.2, 4.6
"""In inches."""


def draw(rows: Sequence[Scored], folder: Path) -> Path:
    """Draw ``readings.png``: a panel for each method, readings grouped by question and sorted by their validation IoU.

    Hollow points count the pixels of the default's heatmaps in another way.

    Returns:
        Where the figure is.
    """
    methods = list(dict.fromkeys(row.asked.method for row in rows))
    panels = {method: _sorted([row for row in rows if row.asked.method == method]) for method in methods}
    figure = new_figure(PANEL_WIDTH * len(methods), ROW_HEIGHT * max(map(len, panels.values())) + 1.2)
    axes = figure.subplots(1, len(methods), squeeze=False, sharex=True)[0]
    for axis, (method, panel) in zip(axes, panels.items(), strict=True):
        _panel(axis, method, panel)
    axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1.06), fontsize=7, ncols=3, frameon=False)
    return save(figure, folder / "readings.png", 130)


def _panel(axis: Axes, method: str, rows: list[Scored]) -> None:
    default = next(row for row in rows if row.asked.is_default)
    axis.axvline(100 * default.val, color=DEFAULT, linewidth=0.8, label="default")
    if not math.isnan(default.published):
        axis.axvline(100 * default.published, color=PAPER, linestyle="--", linewidth=0.8, label="published (test)")
    for place, row in enumerate(rows):
        colour = CHOSEN if row.chosen else POINT
        filled = colour if row.asked.changes_the_map else "white"
        if not math.isnan(row.low):
            axis.plot([100 * row.low, 100 * row.high], [place, place], color=colour, linewidth=1, alpha=0.5)
        axis.plot(100 * row.val, place, "o", color=colour, markerfacecolor=filled, markersize=4)
    axis.set_yticks(range(len(rows)), [_label(row) for row in rows], fontsize=6.5)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_title(method, fontsize=9)
    axis.set_xlabel("IoU on validation images, %", fontsize=8)
    axis.tick_params(axis="x", labelsize=7)
    axis.grid(axis="x", linewidth=0.3)
    open_frame(axis)


def _sorted(rows: list[Scored]) -> list[Scored]:
    """Sort by question, the one with the best answer first, and by IoU within; the default comes before all."""
    best: dict[str, float] = {}
    for row in rows:
        best[question(row)] = max(best.get(question(row), -1.0), row.val)
    ordered = sorted(rows, key=lambda row: (not row.asked.is_default, -best[question(row)], question(row), -row.val))
    return ordered[:MOST_DRAWN]


def _label(row: Scored) -> str:
    return f"{question(row)}: {answer(row)}" if row.asked.answers else DEFAULT_ANSWER
