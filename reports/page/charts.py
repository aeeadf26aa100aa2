"""The charts of the page's panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reports.style import BLUE, GREY, HEATMAP, VERMILLION, new_figure, open_frame
from results.metrics.curves import ThresholdCurve

OWN, BEST, MARK = BLUE, GREY, VERMILLION
"""Colours of a method, of the best method behind it (and of thin lines), and of what the policy or the mean gives."""
LEVELS = np.arange(256) / 255
ACROSS = 5
PANEL = (2.0, 1.55)
"""Methods side by side; width and height of one, in inches."""


def thresholds(curves: Mapping[str, ThresholdCurve], best: str, chosen: Mapping[str, float], policy: str) -> Figure:
    """Draw IoU against the threshold, each method with the best one behind it.

    Args:
        curves: by method, in their order.
        best: the method that is drawn behind all others.
        chosen: IoU under the policy, by method, in [0, 1].
        policy: its name, e.g. ``otsu``.
    """

    def draw(axis: Any, method: str, colour: str) -> None:
        axis.plot(LEVELS, 100 * curves[method].iou, color=colour, linewidth=1.3)
        if colour == OWN:
            axis.plot(curves[method].chosen / 255, 100 * chosen[method], "X", color=MARK, markersize=6)

    labels = "threshold, share of the heatmap's range", "IoU in %", f"{policy} (at its mean threshold)"
    return _methods(list(curves), best, draw, labels)


def precision_recall(
    curves: Mapping[str, ThresholdCurve], best: str, chosen: Mapping[str, tuple[float, float]], policy: str
) -> Figure:
    """Draw precision against recall, both in percent, each method with the best one behind it.

    Args:
        curves: by method, in their order.
        best: the method that is drawn behind all others.
        chosen: (recall, precision) under the policy, by method, in [0, 1].
        policy: its name, e.g. ``otsu``.
    """

    def draw(axis: Any, method: str, colour: str) -> None:
        curve = curves[method]
        axis.plot(100 * curve.recall, 100 * curve.precision, color=colour, linewidth=1.3)
        if colour == OWN:
            axis.plot(*(100 * value for value in chosen[method]), "X", color=MARK, markersize=6)

    return _methods(list(curves), best, draw, ("recall in %", "precision in %", policy))


def _methods(
    methods: list[str], best: str, draw: Callable[[Any, str, str], None], labels: tuple[str, str, str]
) -> Figure:
    """Draw each method on axes of its own, with the best one behind it."""
    across = min(ACROSS, len(methods))
    down = -(-len(methods) // across)
    width, height = PANEL[0] * across + 0.5, PANEL[1] * down + 0.8
    figure = new_figure(width, height, layout="none")
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    edges = {"left": 0.6 / width, "right": 1 - 0.1 / width, "bottom": 0.45 / height, "top": 1 - 0.55 / height}
    figure.subplots_adjust(**edges, wspace=0.08, hspace=0.3)
    for axis, method in zip(axes.flat, methods, strict=False):
        if best in methods and method != best:
            draw(axis, best, BEST)
        draw(axis, method, OWN)
        # A fixed place: to search for a free one takes a third of the time of the whole chart.
        axis.set_title(method, fontsize=7.5, pad=3, y=1)
        axis.tick_params(labelsize=7, length=2)
        axis.locator_params(nbins=3)
        axis.grid(linewidth=0.3)
        open_frame(axis)
    for axis in axes.flat[len(methods) :]:
        axis.axis("off")
    x_label, y_label, mark = labels
    figure.supxlabel(x_label, fontsize=9, y=0.08 / height)
    figure.supylabel(y_label, fontsize=9, x=0.08 / width)
    handles = [Line2D([], [], color=OWN, label="the method"), Line2D([], [], color=BEST, label=f"best: {best}")]
    handles.append(Line2D([], [], color=MARK, marker="X", linestyle="", label=mark))
    figure.legend(handles=handles, loc="upper center", ncols=3, frameon=False, fontsize=8)
    return figure


def parts(table: pd.DataFrame, counts: Mapping[str, int], heading: str) -> Figure:
    """Draw a matrix of IoU in percent: a row for each method, a column for each part of the defective images.

    Args:
        table: IoU in [0, 1], a row for each method and a column for each part.
        counts: number of images in each part.
        heading: what the parts are.
    """
    height = 1.0 + 0.24 * len(table)
    figure = new_figure(2.6 + 1.05 * table.shape[1], height)
    axis = figure.subplots()
    named = table.set_axis([f"{part}\n{counts[part]} images" for part in table.columns], axis=1)
    bar = {"label": "IoU in %", "shrink": min(1.0, 2.2 / height)}
    font = {"fontsize": 7.5}
    sns.heatmap(100 * named, ax=axis, cmap=HEATMAP, vmin=0, annot=True, fmt=".1f", annot_kws=font, cbar_kws=bar)
    axis.set(xlabel=heading, ylabel="")
    axis.tick_params(labelsize=7.5, length=0)
    axis.tick_params(axis="x", rotation=0)
    return figure


def false_positives(table: pd.DataFrame) -> Figure:
    """Draw the predicted-positive share of defect-free images in percent, a box for each method.

    Args:
        table: ``spec`` and ``area``, the share in [0, 1], a row for each image; methods in the order of the rows.
    """
    methods = list(table["spec"].drop_duplicates())
    figure = new_figure(7.2, 0.9 + 0.24 * len(methods))
    axis = figure.subplots()
    percent = table.assign(area=100 * table["area"])
    look = {"color": OWN, "linecolor": BEST, "width": 0.6, "fliersize": 2, "linewidth": 0.8, "whis": (5, 95)}
    sns.boxplot(percent, x="area", y="spec", order=methods, ax=axis, **look)
    means = percent.groupby("spec")["area"].mean()
    axis.plot(means.loc[methods], range(len(methods)), "D", color=MARK, markersize=4, label="mean")
    axis.set(xlabel="false-positive area, share of the image in %", ylabel="", xlim=(-1, 101))
    axis.tick_params(labelsize=7.5)
    axis.grid(axis="x", linewidth=0.3)
    open_frame(axis)
    axis.legend(frameon=False, fontsize=8, loc="lower right")
    return figure
