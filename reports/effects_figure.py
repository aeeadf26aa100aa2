"""The figure of main effects: a panel for each factor, means over the single methods that they are taken of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from reports.effects_table import NAMES
from reports.saving import save
from reports.style import BLUE, PALE, new_figure, open_frame
from results.studies.effects import Effects
from results.studies.factorial import FACTORS, Levels

MEAN, SINGLE = BLUE, PALE
"""Colours of means and of single methods; they differ in lightness too."""
LEVEL_WIDTH, LETTER_WIDTH, HEIGHT = 0.8, 0.075, 3.6
"""Width of a level at least, and for each letter of its name, and height of the figure, in inches."""
DPI = 110


def draw(found: Effects, target: Path) -> None:
    """Draw a panel for each factor as the PNG file `target`.

    Each panel shows the mean IoU of each level and behind it every single method. A line joins methods that differ in
    this factor alone: lines that are not parallel show an interaction.
    """
    levels: dict[str, list[str]] = {}
    for row in found.rows:
        levels.setdefault(row.factor, []).append(row.level)
    widths = [len(own) * max(LEVEL_WIDTH, LETTER_WIDTH * max(map(len, own))) for own in levels.values()]
    figure = new_figure(sum(widths) + 1, HEIGHT)
    axes = figure.subplots(1, len(levels), sharey=True, squeeze=False, width_ratios=widths)[0]
    for axis, factor in zip(axes, levels, strict=True):
        _panel(axis, found, factor)
    axes[0].set_ylabel("pooled IoU in %")
    shown = {"single methods": SINGLE, "mean over the other factors": MEAN}
    handles = [Line2D([], [], color=colour, marker="o") for colour in shown.values()]
    figure.legend(handles, list(shown), loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    save(figure, target, DPI)


def _panel(axis: Any, found: Effects, factor: str) -> None:
    rows = [row for row in found.rows if row.factor == factor]
    levels = [row.level for row in rows]
    own = FACTORS.index(factor)
    lines: dict[Levels, dict[str, float]] = {}
    for one in found.combinations:
        if one.fused or factor != "fuse":
            others = one.levels[:own] + one.levels[own + 1 :]
            lines.setdefault(others, {})[one.levels[own]] = 100 * one.iou
    for line in lines.values():
        axis.plot([line[level] for level in levels], color=SINGLE, linewidth=0.8, marker="o", markersize=2.5)
    means = [100 * row.iou for row in rows]
    axis.plot(means, color=MEAN, linewidth=2, marker="o", markersize=8, markeredgecolor="white")
    for place, mean in enumerate(means):
        text = axis.annotate(f"{mean:.1f}", (place, mean), (0, 9), textcoords="offset points", ha="center", fontsize=8)
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])
    axis.set_title(NAMES[factor], fontsize=10)
    axis.set_xticks(range(len(levels)), levels, fontsize=8)
    axis.set_xlim(-0.5, len(levels) - 0.5)
    open_frame(axis)
