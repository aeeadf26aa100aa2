"""The charts of the page, drawn by matplotlib and seaborn; colours are told apart by every kind of colour vision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from results.metrics.curves import ThresholdCurve

OWN, BEST, MARK = "#0072B2", "#8c8c8c", "#D55E00"
"""Colours of a method, of the best one behind it (and of thin lines), and of what its own threshold gives."""
LEVELS = np.arange(256) / 255
ACROSS = 5
PANEL = (2.0, 1.55)
"""Panels side by side; width and height of one, in inches."""
HEAT = "viridis"


def thresholds(curves: Mapping[str, ThresholdCurve], best: str, chosen: Mapping[str, float], policy: str) -> Figure:
    """Draw IoU against the threshold: a panel a method, the best method behind it.

    Args:
        curves: by method, in the order of the panels.
        best: the method that is drawn behind all others.
        chosen: IoU under the policy, by method, in [0, 1].
        policy: its name, e.g. ``otsu``.
    """

    def draw(axis: Any, method: str, colour: str) -> None:
        axis.plot(LEVELS, 100 * curves[method].iou, color=colour, linewidth=1.3)
        if colour == OWN:
            axis.plot(curves[method].chosen / 255, 100 * chosen[method], "X", color=MARK, markersize=6)

    labels = "threshold, share of the map's range", "IoU in %", f"{policy} (at its mean threshold)"
    return _panels(list(curves), best, draw, labels)


def precision_recall(
    curves: Mapping[str, ThresholdCurve], best: str, chosen: Mapping[str, tuple[float, float]], policy: str
) -> Figure:
    """Draw precision against recall, both in percent: a panel a method, the best method behind it.

    Args:
        curves: by method, in the order of the panels.
        best: the method that is drawn behind all others.
        chosen: (recall, precision) under the policy, by method, in [0, 1].
        policy: its name, e.g. ``otsu``.
    """

    def draw(axis: Any, method: str, colour: str) -> None:
        curve = curves[method]
        axis.plot(100 * curve.recall, 100 * curve.precision, color=colour, linewidth=1.3)
        if colour == OWN:
            axis.plot(*(100 * value for value in chosen[method]), "X", color=MARK, markersize=6)

    return _panels(list(curves), best, draw, ("recall in %", "precision in %", policy))


def _panels(
    methods: list[str], best: str, draw: Callable[[Any, str, str], None], labels: tuple[str, str, str]
) -> Figure:
    across = min(ACROSS, len(methods))
    down = -(-len(methods) // across)
    size = (PANEL[0] * across + 0.5, PANEL[1] * down + 0.8)
    figure, axes = plt.subplots(down, across, figsize=size, sharex=True, sharey=True, squeeze=False)
    edges = {"left": 0.6 / size[0], "right": 1 - 0.1 / size[0], "bottom": 0.45 / size[1], "top": 1 - 0.55 / size[1]}
    figure.subplots_adjust(**edges, wspace=0.08, hspace=0.3)
    for axis, method in zip(axes.flat, methods, strict=False):
        if best in methods and method != best:
            draw(axis, best, BEST)
        draw(axis, method, OWN)
        # At a place of its own: to look for one takes a third of the time of a chart.
        axis.set_title(method, fontsize=7.5, pad=3, y=1)
        axis.tick_params(labelsize=7, length=2)
        axis.locator_params(nbins=3)
        axis.grid(linewidth=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes.flat[len(methods) :]:
        axis.axis("off")
    across_label, up_label, mark = labels
    figure.supxlabel(across_label, fontsize=9, y=0.08 / size[1])
    figure.supylabel(up_label, fontsize=9, x=0.08 / size[0])
    handles = [Line2D([], [], color=OWN, label="the method"), Line2D([], [], color=BEST, label=f"best: {best}")]
    handles.append(Line2D([], [], color=MARK, marker="X", linestyle="", label=mark))
    figure.legend(handles=handles, loc="upper center", ncols=3, frameon=False, fontsize=8)
    return figure


def parts(table: pd.DataFrame, counts: Mapping[str, int], heading: str) -> Figure:
    """Draw a matrix of IoU in percent: a row a method, a column a part of the defective images.

    Args:
        table: IoU in [0, 1], a row a method and a column a part.
        counts: images of each part.
        heading: what the parts are.
    """
    size = (2.6 + 1.05 * table.shape[1], 1.0 + 0.24 * len(table))
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    named = table.set_axis([f"{part}\n{counts[part]} images" for part in table.columns], axis=1)
    bar = {"label": "IoU in %", "shrink": min(1.0, 2.2 / size[1])}
    font = {"fontsize": 7.5}
    sns.heatmap(100 * named, ax=axis, cmap=HEAT, vmin=0, annot=True, fmt=".1f", annot_kws=font, cbar_kws=bar)
    axis.set(xlabel=heading, ylabel="")
    axis.tick_params(labelsize=7.5, length=0)
    axis.tick_params(axis="x", rotation=0)
    return figure


def false_positives(table: pd.DataFrame) -> Figure:
    """Draw the marked share of defect-free images in percent: a row a method.

    Args:
        table: ``spec`` and ``area``, the share in [0, 1], a row an image; methods in the order of the rows.
    """
    methods = list(table["spec"].drop_duplicates())
    figure, axis = plt.subplots(figsize=(7.2, 0.9 + 0.24 * len(methods)), layout="constrained")
    percent = table.assign(area=100 * table["area"])
    look = {"color": OWN, "linecolor": BEST, "width": 0.6, "fliersize": 2, "linewidth": 0.8, "whis": (5, 95)}
    sns.boxplot(percent, x="area", y="spec", order=methods, ax=axis, **look)
    means = percent.groupby("spec")["area"].mean()
    axis.plot(means.loc[methods], range(len(methods)), "D", color=MARK, markersize=4, label="mean")
    axis.set(xlabel="marked share of a defect-free image in %", ylabel="", xlim=(-1, 101))
    axis.tick_params(labelsize=7.5)
    axis.grid(axis="x", linewidth=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def pareto(table: pd.DataFrame) -> Figure:
    """Draw IoU in percent against the time of an image, and a line along the methods that no other one beats.

    Args:
        table: ``spec``, ``seconds`` and ``iou``, in [0, 1]; a row a method.
    """
    figure, axis = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
    ordered = table.sort_values(["seconds", "iou"], ascending=[True, False])
    front = ordered[ordered["iou"] > ordered["iou"].cummax().shift(fill_value=-1)]
    axis.step(
        front["seconds"],
        100 * front["iou"],
        where="post",
        color=MARK,
        linewidth=1,
        label="none is both faster and better",
    )
    axis.plot(ordered["seconds"], 100 * ordered["iou"], "o", color=OWN, markersize=5)
    for spec, seconds, worth in zip(ordered["spec"], ordered["seconds"], 100 * ordered["iou"], strict=True):
        axis.annotate(spec, (seconds, worth), xytext=(4, 3), textcoords="offset points", fontsize=7)
    axis.set(xscale="log", xlabel="median seconds", ylabel="IoU in %")
    axis.margins(x=0.15)
    axis.grid(linewidth=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)
    return figure
