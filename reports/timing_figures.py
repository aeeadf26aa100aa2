"""Pictures of timings: time per method, IoU against time, and how time grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from reports.summary import Summary, summarise
from reports.sweep_table import COLOURS, MARKERS
from results.errors import ResultError
from results.metrics.thresholds import parse_policy
from results.store.timings import BARE, SCOPES, Conditions, Growth, Timing, Timings

PARTS = dict(zip(SCOPES, ("#56B4E9", "#0072B2", "#E69F00", "#009E73"), strict=True))
"""Colours of the parts of a work of ours."""
WHOLE = "0.6"
"""Of works whose parts are not known."""
DPI = 130
BAR, MARGIN, WIDTH = 0.24, 1.1, 8.5
"""Height of a bar, what is around them, and width, in inches."""
PANEL = 3.6
"""Side of a panel, in inches."""
ENDINGS = (".png", ".svg")


def draw(timings: Timings, folder: Path, run: Path | None = None) -> list[Path]:
    """Draw everything that there is into `folder`, each picture as PNG and as SVG.

    Args:
        timings: of one call.
        folder: that exists.
        run: folder of a run, whose methods' IoU is drawn against their time.

    Returns:
        The PNG files.

    Raises:
        ResultError: the run is of another network or size, or has none of the methods that were timed.
    """
    pictures = []
    if timings.growths:
        pictures.append(_lines(timings.growths, folder / "scaling.png"))
    elif timings.timings:
        pictures.append(_bars(timings, folder / "times.png"))
    if run:
        pictures.append(_pareto(timings, run, folder / "pareto.png"))
    return pictures


def _bars(timings: Timings, target: Path) -> Path:
    """Draw the median time of every work, a panel for each set of conditions."""
    panels = [timings.under(conditions) for conditions in timings.conditions]
    heights = [BAR * len(panel) + MARGIN for panel in panels]
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(WIDTH, sum(heights) + 0.5), squeeze=False, height_ratios=heights, layout="constrained"
    )
    for axis, panel, conditions in zip(axes[:, 0], panels, timings.conditions, strict=True):
        _panel_of_bars(axis, [one for one in panel if one.samples], conditions)
    handles = [Patch(color=colour) for colour in (*PARTS.values(), WHOLE)]
    names = [*PARTS, "not told apart"]
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), fontsize=8, frameon=False)
    return _save(figure, target)


def _panel_of_bars(axis: Any, shown: Sequence[Timing], conditions: Conditions) -> None:
    for place, one in enumerate(shown):
        low, median, high = (1000 * seconds for seconds in one.quartiles)
        axis.barh(place, median, color=WHOLE, height=0.7)
        left = 0.0
        for name, colour in PARTS.items():
            width = median * one.share(name)
            axis.barh(place, width, left=left, color=colour, height=0.7)
            left += width
        axis.errorbar(median, place, xerr=[[median - low], [high - median]], color="black", linewidth=1, capsize=2)
        # Beside a method that takes minutes the bars of most others are too short to be read.
        axis.annotate(f"{median:,.0f}", (high, place), (5, 0), textcoords="offset points", va="center", fontsize=7)
        if one.work == BARE:
            axis.axvline(median, color="black", linestyle=":", linewidth=0.8)
    axis.set_yticks(range(len(shown)), [one.work for one in shown], fontsize=8)
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.margins(x=0.1)
    axis.set_xlabel("ms for the batch; median and quartiles; dotted: the bare pass", fontsize=8)
    axis.set_title(str(conditions), fontsize=9, loc="left")
    axis.set_xlim(left=0)
    axis.spines[["top", "right"]].set_visible(False)


def _lines(growths: Sequence[Growth], target: Path) -> Path:
    """Draw time against each quantity, both logarithmic, with the fitted exponents."""
    axes_of = list(dict.fromkeys(one.axis for one in growths))
    names = list(dict.fromkeys(one.work for one in growths))
    figure, axes = plt.subplots(
        1, len(axes_of), figsize=(PANEL * len(axes_of), 1.35 * PANEL), squeeze=False, sharey=True, layout="constrained"
    )
    for panel, quantity in zip(axes[0], axes_of, strict=True):
        for one in (one for one in growths if one.axis == quantity):
            number = names.index(one.work)
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            x = [place for place, _ in one.points]
            panel.plot(x, [1000 * one.factor * place**one.exponent for place in x], color=colour, linewidth=1)
            label = f"{one.work}: {one.exponent:.2f}"
            panel.plot(x, [1000 * s for _, s in one.points], marker, color=colour, markersize=5, label=label)
        for scale in (panel.xaxis, panel.yaxis):
            _logarithmic(scale)
        panel.set_xticks(sorted({x for one in growths if one.axis == quantity for x, _ in one.points}))
        panel.tick_params(labelsize=8)
        panel.set_xlabel(quantity)
        panel.legend(fontsize=7, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1), title="exponents")
        panel.grid(which="major", linewidth=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("ms for the batch")
    return _save(figure, target)


def _pareto(timings: Timings, run: Path, target: Path) -> Path:
    """Draw pooled IoU against the time for an image; a line joins those that no other one beats in both."""
    summary = summarise(run, parse_policy("otsu"))
    reached = {row.spec: 100 * row.mean["iou"] for row in summary.rows if row.applicable}
    first = _as_in(timings, summary)
    points = {
        one.work: (1000 * one.median / first.batch, reached[one.work])
        for one in timings.under(first)
        if one.work in reached and one.samples
    }
    if not points:
        raise ResultError(f"{run} has none of the methods that were timed: {', '.join(sorted(reached))}")
    figure, axis = plt.subplots(figsize=(WIDTH, 5), layout="constrained")
    best = frontier(list(points.values()))
    axis.step([x for x, _ in best], [y for _, y in best], where="post", color=COLOURS[0], linewidth=1)
    for name, (x, y) in points.items():
        axis.plot(x, y, "o", color=COLOURS[0] if (x, y) in best else WHOLE, markersize=5)
        axis.annotate(name, (x, y), (4, 3), textcoords="offset points", fontsize=7)
    _logarithmic(axis.xaxis)
    axis.set_xlabel(f"ms an image, each method alone ({first})", fontsize=8)
    axis.set_ylabel("pooled IoU in %")
    axis.set_title(f"IoU of {run.name}: {summary.protocol}", fontsize=7, loc="left", wrap=True)
    axis.spines[["top", "right"]].set_visible(False)
    return _save(figure, target)


def _as_in(timings: Timings, summary: Summary) -> Conditions:
    """Return the conditions with the network and the size of a run: its IoU beside other times would mislead."""
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


def _logarithmic(scale: Any) -> None:
    """Make an axis logarithmic, its marks plain numbers."""
    scale.axes.set(**{f"{scale.axis_name}scale": "log"})
    scale.set_major_locator(LogLocator(subs=(1, 2, 5)))
    scale.set_major_formatter(StrMethodFormatter("{x:g}"))
    scale.set_minor_formatter(NullFormatter())


def frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the (cost, worth) that no other point beats in one without being worse in the other, cheapest first."""
    best: list[tuple[float, float]] = []
    for cost, worth in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or worth > best[-1][1]:
            best.append((cost, worth))
    return best


def _save(figure: Any, target: Path) -> Path:
    for ending in ENDINGS:
        figure.savefig(target.with_suffix(ending), dpi=DPI)
    plt.close(figure)
    return target
