"""The figure of IoU against time, with the methods that no other one beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from reports.style import BLUE, GREY, new_figure, open_frame

Point = tuple[float, float]
"""Time, in any unit, and IoU."""


def pareto_figure(points: Mapping[str, Point], time: str) -> Figure:
    """Draw a point for each method and the Pareto front as a line.

    Args:
        points: (time, IoU) by method, IoU in [0, 1]; one at least.
        time: label of the axis of times, with their unit.
    """
    figure = new_figure(7.2, 4.6)
    axis = figure.subplots()
    best = frontier(list(points.values()))
    label = "no method is both faster and better"
    axis.step([x for x, _ in best], [100 * y for _, y in best], where="post", color=BLUE, linewidth=1, label=label)
    for name, (x, y) in points.items():
        axis.plot(x, 100 * y, "o", color=BLUE if (x, y) in best else GREY, markersize=5)
        axis.annotate(name, (x, 100 * y), (4, 3), textcoords="offset points", fontsize=7)
    logarithmic(axis.xaxis)
    axis.margins(x=0.15)
    axis.set_xlabel(time)
    axis.set_ylabel("pooled IoU in %")
    axis.grid(linewidth=0.3)
    axis.legend(frameon=False, fontsize=8)
    open_frame(axis)
    return figure


def frontier(points: Sequence[Point]) -> list[Point]:
    """Return the Pareto front: the points that no other one beats in time or IoU without losing in the other.

    >>> frontier([(2, 5), (1, 3), (3, 5), (4, 9)])
    [(1, 3), (2, 5), (4, 9)]
    """
    best: list[Point] = []
    for time, iou in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or iou > best[-1][1]:
            best.append((time, iou))
    return best


def logarithmic(axis: Any) -> None:
    """Make one axis of a panel logarithmic, with plain numbers at its ticks."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
