"""Figures of timings: the time of each workload, IoU against time, and how time grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from reports.pareto_figure import logarithmic, pareto_figure
from reports.saving import save_all
from reports.style import BLACK, BLUE, GREEN, GREY, MARKERS, ORANGE, SERIES, SKY_BLUE, new_figure, open_frame
from reports.summary import Summary, summarise
from results.errors import ResultError
from results.metrics.thresholds import parse_policy
from results.scopes import SCOPES
from results.store.timings import BARE, Conditions, Growth, Timing, Timings

PARTS = dict(zip(SCOPES, (SKY_BLUE, BLUE, ORANGE, GREEN), strict=True))
"""Colours of the parts of a workload."""
WHOLE = GREY
"""Colour of workloads whose parts were not measured."""
DPI = 130
BAR, MARGIN, WIDTH = 0.24, 1.1, 8.5
"""Height of a bar, space around the bars, and width of the figure, in inches."""
PANEL = 3.6
"""Side of a panel, in inches."""


def draw(timings: Timings, folder: Path, run: Path | None = None) -> list[Path]:
    """Draw everything that was measured into `folder`, each figure as PNG and as SVG.

    Args:
        timings: of one call of the command.
        folder: that exists.
        run: folder of a run, whose methods' IoU is drawn against their time.

    Returns:
        The PNG files.

    Raises:
        ResultError: the run has another network or input size, or none of the methods that were timed.
    """
    figures = []
    if timings.growths:
        figures.append(_save(_lines(timings.growths), folder / "scaling.png"))
    elif timings.timings:
        figures.append(_save(_bars(timings), folder / "times.png"))
    if run:
        figures.append(_save(_pareto(timings, run), folder / "pareto.png"))
    return figures


def _bars(timings: Timings) -> Figure:
    """Draw the median time of every workload, a panel for each set of conditions."""
    panels = [timings.under(conditions) for conditions in timings.conditions]
    heights = [BAR * len(panel) + MARGIN for panel in panels]
    figure = new_figure(WIDTH, sum(heights) + 0.5)
    axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, panel, conditions in zip(axes, panels, timings.conditions, strict=True):
        _panel_of_bars(axis, [one for one in panel if one.samples], conditions)
    handles = [Patch(color=colour) for colour in (*PARTS.values(), WHOLE)]
    names = [*PARTS, "parts not measured"]
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize=8, frameon=False)
    return figure


def _panel_of_bars(axis: Any, shown: Sequence[Timing], conditions: Conditions) -> None:
    for place, one in enumerate(shown):
        low, median, high = (1000 * seconds for seconds in one.quartiles)
        axis.barh(place, median, color=WHOLE, height=0.7)
        left = 0.0
        for name, colour in PARTS.items():
            width = median * one.share(name)
            axis.barh(place, width, left=left, color=colour, height=0.7)
            left += width
        axis.errorbar(median, place, xerr=[[median - low], [high - median]], color=BLACK, linewidth=1, capsize=2)
        # Where one method takes minutes, the bars of the others are too short to be read.
        axis.annotate(f"{median:,.0f}", (high, place), (5, 0), textcoords="offset points", va="center", fontsize=7)
        if one.work == BARE:
            axis.axvline(median, color=BLACK, linestyle=":", linewidth=0.8)
    axis.set_yticks(range(len(shown)), [one.work for one in shown], fontsize=8)
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.margins(x=0.1)
    axis.set_xlabel("milliseconds for the batch, median and quartiles; dotted: the bare pass", fontsize=8)
    axis.set_title(str(conditions), fontsize=9, loc="left")
    axis.set_xlim(left=0)
    open_frame(axis)


def _lines(growths: Sequence[Growth]) -> Figure:
    """Draw time against each quantity, both logarithmic, with the fitted exponents."""
    quantities = list(dict.fromkeys(one.axis for one in growths))
    names = list(dict.fromkeys(one.work for one in growths))
    figure = new_figure(PANEL * len(quantities), 1.35 * PANEL)
    axes = figure.subplots(1, len(quantities), squeeze=False, sharey=True)[0]
    for panel, quantity in zip(axes, quantities, strict=True):
        for one in (one for one in growths if one.axis == quantity):
            number = names.index(one.work)
            colour, marker = SERIES[number % len(SERIES)], MARKERS[number % len(MARKERS)]
            x = [place for place, _ in one.points]
            panel.plot(x, [1000 * one.factor * place**one.exponent for place in x], color=colour, linewidth=1)
            label = f"{one.work}: {one.exponent:.2f}"
            panel.plot(x, [1000 * s for _, s in one.points], marker, color=colour, markersize=5, label=label)
        for scale in (panel.xaxis, panel.yaxis):
            logarithmic(scale)
        panel.set_xticks(sorted({x for one in growths if one.axis == quantity for x, _ in one.points}))
        panel.tick_params(labelsize=8)
        panel.set_xlabel(quantity)
        panel.legend(fontsize=7, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), title="exponents")
        panel.grid(which="major", linewidth=0.3)
        open_frame(panel)
    axes[0].set_ylabel("milliseconds for the batch")
    return figure


def _pareto(timings: Timings, run: Path) -> Figure:
    """Draw the pooled IoU of a run against the time for an image."""
    summary = summarise(run, parse_policy("otsu"))
    reached = {row.spec: row.mean["iou"] for row in summary.rows if row.applicable}
    conditions = _as_in(timings, summary)
    points = {
        one.work: (1000 * one.median / conditions.batch, reached[one.work])
        for one in timings.under(conditions)
        if one.work in reached and one.samples
    }
    if not points:
        raise ResultError(f"{run} has none of the methods that were timed: {', '.join(sorted(reached))}")
    figure = pareto_figure(points, "milliseconds for an image, each method alone")
    title = f"Times: {conditions}\nIoU of {run.name}: {summary.protocol}"
    figure.axes[0].set_title(title, fontsize=7, loc="left", wrap=True)
    return figure


def _as_in(timings: Timings, summary: Summary) -> Conditions:
    """Return the conditions of the run's network and input size; its IoU does not belong to other times."""
    network, (height, width) = summary.manifest.network, summary.manifest.size
    for one in timings.conditions:
        named = one.network.startswith(f"{network.name} ({network.head} head, {network.activation},")
        if named and (one.height, one.width) == (height, width):
            return one
    raise ResultError(
        f"{summary.folder} is of {network.name} ({network.head} head, {network.activation}) at "
        f"{height}x{width}, which was not timed; add --network {network.name} --head {network.head} "
        f"--activation {network.activation} --input-sizes {height}x{width}"
    )


def _save(figure: Figure, target: Path) -> Path:
    return save_all(figure, [target, target.with_suffix(".svg")], DPI)[0]
