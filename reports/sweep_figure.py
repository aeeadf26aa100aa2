"""The figure of a sweep: IoU against δ, a panel for each split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.formatting import counted
from reports.saving import save_all
from reports.style import MARKERS, PALE, SERIES, new_figure, open_frame
from results.studies.sweeps import Curve, Sweep

PANEL, HEIGHT = 4.2, 3.6
"""Width of a panel and height of the figure, in inches."""
ACROSS = 2.5
"""Entries of the legend side by side, for each panel."""


def draw(sweep: Sweep, target: Path) -> Path:
    """Draw the curves of a sweep, see `figure_of`.

    Args:
        sweep: with one family at least.
        target: the PNG file; a PDF of the same name is written beside it.

    Returns:
        `target`.
    """
    save_all(figure_of(sweep.curves, sweep.default), [target, target.with_suffix(".pdf")])
    return target


def figure_of(curves: Sequence[Curve], default: float | None = None) -> Figure:
    """Draw IoU in percent against δ: a panel for each split, a line with its 95 % interval for each family.

    Args:
        curves: one at least.
        default: a δ in percent, drawn as a vertical line.
    """
    splits = list(dict.fromkeys(curve.split for curve in curves))
    families = list(dict.fromkeys(curve.family for curve in curves))
    across = min(int(ACROSS * len(splits)), len(families) + 1)
    figure = new_figure(PANEL * len(splits) + 0.4, HEIGHT + 0.22 * -(-(len(families) + 1) // across))
    axes = figure.subplots(1, len(splits), squeeze=False, sharey=True)[0]
    for axis, split in zip(axes, splits, strict=True):
        own = [curve for curve in curves if curve.split == split]
        if default is not None:
            label = f"δ {default:g}, the default"
            axis.axvline(default, color=PALE, linestyle="--", linewidth=1, zorder=0, label=label)
        for number, curve in enumerate(own):
            _line(axis, curve, SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)])
        _label(axis, own)
    axes[0].set_ylabel("IoU in %")
    axes[0].set_ylim(bottom=max(0, axes[0].get_ylim()[0]))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=across, fontsize=8, frameon=False)
    return figure


def _line(axis: Axes, curve: Curve, colour: str, marker: str) -> None:
    deltas, points = list(curve.points), list(curve.points.values())
    ends = [100 * one.low for one in points], [100 * one.high for one in points]
    axis.fill_between(deltas, *ends, facecolor=(colour, 0.12), edgecolor=(colour, 0.5), linewidth=0.5)
    values = [100 * one.iou for one in points]
    axis.plot(deltas, values, color=colour, marker=marker, markersize=4.5, linewidth=1.3, label=curve.family)


def _label(axis: Axes, curves: list[Curve]) -> None:
    points = [point for curve in curves for point in curve.points.values()]
    images, items = max(one.images for one in points), max(one.items for one in points)
    axis.set_title(f"{curves[0].split}: {counted(images, 'image')}, {counted(items, 'item')}", fontsize=10)
    axis.set_xlabel("δ, percentile of the positive gradient")
    axis.grid(axis="y", linewidth=0.3)
    open_frame(axis)
