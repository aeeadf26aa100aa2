"""Two figures of a ranking: mean ranks with their critical difference, and the rank with each classifier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns

from reports.saving import save
from reports.style import BLACK, GREY, VERMILLION, new_figure, open_frame
from results.metrics.counts import FloatArray
from results.statistics.permutation import LEVEL
from results.statistics.ranking import Setting, by_classifier, common, critical_difference, item_ious, mean_ranks

REFERENCE, CHANCE, OTHER = VERMILLION, GREY, BLACK
"""Colours of the reference, of chance-level methods, and of the other methods."""
DPI = 130
ROW, WIDTH = 0.2, 9.0
"""Height of a line of text and width of the figure of mean ranks, in inches."""


def draw_critical_difference(found: Sequence[Setting], reference: str, target: Path) -> None:
    """Draw the mean rank of each method over the items of all settings as the PNG file `target`.

    Each item ranks the methods by their IoU on it. A thick line joins methods that do not differ by Nemenyi's test.
    """
    methods, scores = common(found), item_ious(found)
    chance = frozenset[str]().union(*(setting.chance for setting in found))
    ranks = mean_ranks(scores)
    order = np.argsort(ranks, kind="stable").tolist()
    reach = critical_difference(len(methods), len(scores))
    half = (len(methods) + 1) // 2
    groups = _alike(np.sort(ranks), reach)
    top = 0.16 * (len(groups) + 1)
    height = top / ROW + half + 5
    figure = new_figure(WIDTH, ROW * height)
    axis = figure.subplots()
    axis.set(xlim=(1 - 0.45 * len(methods), 1.45 * len(methods)), ylim=(-(top / ROW + half + 1), 4))
    axis.axis("off")
    _axis(axis, len(methods), reach)
    for place, number in enumerate(order):
        left = place < half
        depth = top / ROW + (place if left else len(methods) - 1 - place) + 1
        end = 1 - 0.03 * len(methods) if left else 1.03 * len(methods)
        colour = REFERENCE if methods[number] == reference else CHANCE if methods[number] in chance else OTHER
        axis.plot([ranks[number], ranks[number], end], [0, -depth, -depth], color=colour, linewidth=0.8)
        text = f"{methods[number]}  {ranks[number]:.1f}" if left else f"{ranks[number]:.1f}  {methods[number]}"
        axis.text(end, -depth, f" {text} ", ha="right" if left else "left", va="center", fontsize=8, color=colour)
    for level, (low, high) in enumerate(groups):
        depth = -0.8 * (level + 1)
        axis.plot([low - 0.05, high + 0.05], [depth, depth], color=OTHER, linewidth=3, solid_capstyle="butt")
    title = f"Mean rank over {len(scores)} items; critical difference (Nemenyi, {100 * LEVEL:g} %): {reach:.2f}"
    axis.set_title(title, fontsize=9)
    save(figure, target, DPI)


def draw_ranks(found: Sequence[Setting], reference: str, target: Path) -> None:
    """Draw the rank of each method with every classifier (setting, fold and seed) as the PNG file `target`.

    The methods that all settings have are ranked by their pooled IoU; where no lines cross, the ranking is the same.
    """
    methods = common(found)
    chance = frozenset[str]().union(*(setting.chance for setting in found))
    parts = [by_classifier(setting, methods) for setting in found]
    scores = np.concatenate([part.to_numpy() for part in parts])
    ranks = (-scores).argsort(1, kind="stable").argsort(1) + 1
    labels = [_label(setting, key, part) for setting, part in zip(found, parts, strict=True) for key in part.index]
    figure = new_figure(max(6.0, 1.1 * len(labels) + 4), ROW * len(methods) + 1.2)
    axis = figure.subplots()
    colours = dict(zip(methods, sns.color_palette("husl", len(methods)), strict=True))
    for column, name in enumerate(methods):
        own = name == reference
        colour: Any = REFERENCE if own else CHANCE if name in chance else colours[name]
        axis.plot(ranks[:, column], color=colour, linewidth=3 if own else 1.2, marker="o", markersize=4, zorder=3 - own)
        axis.text(len(labels) - 0.9, ranks[-1, column], name, va="center", fontsize=8, color=colour)
    axis.set_xticks(range(len(labels)), labels, fontsize=8)
    axis.set_yticks(range(1, len(methods) + 1))
    axis.tick_params(axis="y", labelsize=8)
    axis.set(ylim=(len(methods) + 0.5, 0.5), xlim=(-0.3, len(labels) - 0.9), ylabel="rank by pooled IoU")
    open_frame(axis)
    save(figure, target, DPI)


def _axis(axis: Any, methods: int, reach: float) -> None:
    """Draw the axis of ranks, and above it the length of the critical difference."""
    axis.plot([1, methods], [0, 0], color=OTHER, linewidth=1)
    for rank in range(1, methods + 1):
        axis.plot([rank, rank], [0, 0.4], color=OTHER, linewidth=1)
        if methods <= 12 or rank == 1 or rank % 5 == 0:
            axis.text(rank, 0.6, str(rank), ha="center", va="bottom", fontsize=8)
    axis.plot([1, 1 + reach], [2.6, 2.6], color=OTHER, linewidth=2, marker="|")
    axis.text(1 + reach / 2, 2.9, "CD", ha="center", va="bottom", fontsize=8)


def _alike(ranks: FloatArray, reach: float) -> list[tuple[float, float]]:
    """Return the longest intervals of sorted `ranks` whose ends differ by less than `reach`."""
    found: list[tuple[int, int]] = []
    for first, rank in enumerate(ranks):
        last = int(np.flatnonzero(ranks < rank + reach)[-1])
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return [(float(ranks[first]), float(ranks[last])) for first, last in found]


def _label(setting: Setting, key: tuple[int, int], part: Any) -> str:
    """Return setting, fold and seed of a classifier; fold and seed only where there are several."""
    fold, seed = key
    several = {level: part.index.get_level_values(level).nunique() > 1 for level in ("fold", "seed")}
    pieces = [f"fold {fold + 1}"] * several["fold"] + [f"seed {seed}"] * several["seed"]
    return "\n".join([setting.dataset, setting.network.replace(" ", "\n"), *pieces])
