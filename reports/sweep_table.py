"""IoU against δ: a figure, all its points, and a table of what a δ gives on test images that masks have chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table
from rich.text import Text

from reports.protocol import protocol
from reports.saving import save_all
from results.store.manifest import Manifest
from results.studies.sweeps import Choice, Curve, Estimate, Sweep

# The colours of Okabe and Ito, without the yellow, which white paper swallows.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""One more than colours, so that a pair comes back after 56 families only."""
PANEL, HEIGHT = 4.2, 3.6
"""Width of a panel and height of the figure, in inches."""
ACROSS = 2.5
"""Entries of the legend side by side, for each panel."""
POINTS = "sweep.csv"
"""The file of all points in the folder of a run."""
HEADINGS = ("Method", "δ chosen on", "δ", "Test IoU [95 %]", "Masks")
CHOSEN_ON = {"default": "default", "train": "training", "val": "validation", "test": "test"}
UNDEFINED = "–"


def draw(sweep: Sweep, target: Path) -> Path:
    """Draw `figure_of` the curves.

    Args:
        sweep: with one family at least.
        target: the PNG file; a PDF of the same name is written beside it.

    Returns:
        `target`.
    """
    save_all(figure_of(sweep.curves, sweep.default), [target, target.with_suffix(".pdf")])
    return target


def figure_of(curves: Sequence[Curve], default: float | None = None) -> Figure:
    """Draw IoU in percent against δ: a panel a split, a line a family with its 95 % interval.

    Args:
        curves: one at least.
        default: the δ in percent that is marked.
    """
    splits = list(dict.fromkeys(curve.split for curve in curves))
    families = list(dict.fromkeys(curve.family for curve in curves))
    across = min(int(ACROSS * len(splits)), len(families) + 1)
    size = (PANEL * len(splits) + 0.4, HEIGHT + 0.22 * -(-(len(families) + 1) // across))
    figure, axes = plt.subplots(1, len(splits), figsize=size, squeeze=False, sharey=True, layout="constrained")
    for axis, split in zip(axes[0], splits, strict=True):
        own = [curve for curve in curves if curve.split == split]
        if default is not None:
            mark = f"δ {default:g}, the default"
            axis.axvline(default, color="0.75", linestyle="--", linewidth=1, zorder=0, label=mark)
        for number, curve in enumerate(own):
            _line(axis, curve, COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)])
        _dress(axis, own)
    axes[0][0].set_ylabel("IoU in %")
    axes[0][0].set_ylim(bottom=max(0, axes[0][0].get_ylim()[0]))
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=across, fontsize=8, frameon=False)
    return figure


def _line(axis: Axes, curve: Curve, colour: str, marker: str) -> None:
    deltas, points = list(curve.points), list(curve.points.values())
    ends = [100 * one.low for one in points], [100 * one.high for one in points]
    axis.fill_between(deltas, *ends, facecolor=(colour, 0.12), edgecolor=(colour, 0.5), linewidth=0.5)
    values = [100 * one.iou for one in points]
    axis.plot(deltas, values, color=colour, marker=marker, markersize=4.5, linewidth=1.3, label=curve.family)


def _dress(axis: Axes, curves: list[Curve]) -> None:
    images, items = (max(getattr(one, what) for one in _points(curves)) for what in ("images", "items"))
    axis.set_title(f"{curves[0].split}: {_number(images, 'image')}, {_number(items, 'item')}", fontsize=10)
    axis.set_xlabel("δ, percentile of the positive gradient")
    axis.grid(axis="y", linewidth=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def points_table(sweep: Sweep) -> pd.DataFrame:
    """Return every point of every curve, one row each, IoU and its interval in [0, 1]."""
    return pd.DataFrame(
        {
            "family": curve.family,
            "split": curve.split,
            "delta": delta,
            "iou": point.iou,
            "low": point.low,
            "high": point.high,
            "images": point.images,
            "items": point.items,
            "failed": point.failed,
        }
        for curve in sweep.curves
        for delta, point in curve.points.items()
    )


def read_points(path: Path) -> list[Curve]:
    """Return the curves whose points `points_table` has written to a CSV file."""
    table = pd.read_csv(path)
    names = ("iou", "low", "high", "images", "items", "failed")
    return [
        Curve(
            str(family),
            str(split),
            {one["delta"]: Estimate(*(one[name] for name in names)) for one in rows.to_dict("records")},
        )
        for (family, split), rows in table.groupby(["family", "split"], sort=False)
    ]


def terminal(sweep: Sweep) -> Table:
    """Return the choices for a terminal; those that read masks of test are grey."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=heading == "Method")
    for choice in sweep.choices:
        style = "bright_black" if _is_oracle(choice) else ""
        table.add_row(*(Text(cell, style) for cell in _cells(choice)))
    return table


def markdown(sweep: Sweep, manifest: Manifest) -> str:
    """Return the choices and the notes as Markdown."""
    rows = [list(HEADINGS), ["---"] * len(HEADINGS)]
    for choice in sweep.choices:
        method, *others = _cells(choice)
        rows.append([f"`{method}`", *others])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([table, *notes(sweep, manifest)]) + "\n"


def notes(sweep: Sweep, manifest: Manifest) -> list[str]:
    """Return the lines under the table: unit and protocol, and what is not as a reader would expect.

    Args:
        sweep: of one run.
        manifest: of the same run.
    """
    pooled = "the defective images; intervals: BCa bootstrap over items"
    lines = [f"In percent. {protocol(manifest, sweep.policy, pooled)}"]
    if any(" " in _deltas(choice) for choice in sweep.choices):
        lines.append("Several δ are those of the folds in their order, seeds parted by a slash.")
    if any(_is_oracle(choice) for choice in sweep.choices):
        lines.append("A δ that was chosen on the masks of test is never a result.")
    if any(math.isnan(choice.test.iou) for choice in sweep.choices):
        lines.append(f"{UNDEFINED}: some fold has no defective image to choose on, or test was not swept.")
    lines += [f"{family} has no answer here: {reason}." for family, reason in sweep.absent.items()]
    lines += _failures(sweep)
    if sweep.unread:
        lines.append(f"Images that could not be read, and are not scored: {sweep.unread}.")
    return lines


def _failures(sweep: Sweep) -> Iterator[str]:
    """Yield a line for each family with maps that failed: of each split its worst δ."""
    for family in dict.fromkeys(curve.family for curve in sweep.curves):
        worst = []
        for curve in sweep.curves:
            delta, point = max(curve.points.items(), key=lambda entry: entry[1].failed)
            if curve.family == family and point.failed:
                worst.append(f"{point.failed} of {point.images} in {curve.split} (δ {delta:g})")
        if worst:
            yield f"{family}: failed or constant, and counted as empty predictions: up to {', '.join(worst)}."


def _cells(choice: Choice) -> list[str]:
    return [
        choice.family,
        CHOSEN_ON[choice.chosen_on],
        _deltas(choice),
        _percent(choice.test),
        choice.supervision.removeprefix("masks of "),
    ]


def _deltas(choice: Choice) -> str:
    """Write one δ where all are the same, else those of each fold."""
    seeds = [[UNDEFINED if math.isnan(delta) else f"{delta:g}" for delta in folds] for folds in choice.deltas]
    different = {delta for folds in seeds for delta in folds}
    return different.pop() if len(different) == 1 else " / ".join(" ".join(folds) for folds in seeds)


def _percent(estimate: Estimate) -> str:
    if math.isnan(estimate.iou):
        return UNDEFINED
    interval = "" if math.isnan(estimate.low) else f" [{100 * estimate.low:.2f}, {100 * estimate.high:.2f}]"
    return f"{100 * estimate.iou:.2f}{interval}"


def _is_oracle(choice: Choice) -> bool:
    return choice.supervision == "masks of test"


def _points(curves: list[Curve]) -> list[Estimate]:
    return [point for curve in curves for point in curve.points.values()]


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
