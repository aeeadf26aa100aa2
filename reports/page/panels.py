"""The panels of the page: figures of a run, each with its words.

A panel is a function that takes the `PageData` of a run and yields a `Panel`, or nothing where the run has no data for
it. It is registered by `panel`; the page shows all panels in the order in which they are registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from reports.page import charts
from reports.page.page_data import PageData
from reports.pareto_figure import pareto_figure
from reports.sweep_figure import figure_of
from reports.sweep_points import POINTS, read_points
from results.metrics.curves import threshold_curve
from results.statistics.breakdown import pooled_iou, size_classes
from results.status import USABLE

TIMING = "timing.csv"
"""File in the folder of a run that may hold the time of each method, in columns ``spec`` and ``median_seconds``."""


@dataclass(frozen=True, eq=False)
class Panel:
    """A figure of the page, with its words.

    Attributes:
        name: of its files, and of its place in the page; lower-case letters and hyphens.
        title: above the figure, and in the list of sections.
        alternative: what the figure shows, for readers who cannot see it.
        caption: under the figure.
        figure: made by `reports.style.new_figure`.
    """

    name: str
    title: str
    alternative: str
    caption: str
    figure: Figure


MakePanel = Callable[[PageData], Iterator[Panel]]
PANELS: list[MakePanel] = []


def panel(make: MakePanel) -> MakePanel:
    """Register the decorated function as the next panel of the page."""
    PANELS.append(make)
    return make


@panel
def delta(data: PageData) -> Iterator[Panel]:
    """Show IoU against δ, where the run is a sweep."""
    path = data.folder / POINTS
    if path.is_file():
        curves = read_points(path)
        families = ", ".join(dict.fromkeys(curve.family for curve in curves))
        yield Panel(
            "delta",
            "IoU against δ",
            f"Lines of IoU against the percentile δ for {families}.",
            "Pooled IoU of the defective images; bands are 95 % intervals over physical items. The table of the δ that "
            "were chosen is sweep.md in the folder of the run.",
            figure_of(curves),
        )


@panel
def thresholds(data: PageData) -> Iterator[Panel]:
    """Show IoU against the threshold, and precision against recall."""
    if data.defective.empty:
        return
    policy, best, cells = data.summary.policy, data.best, data.cells
    means = {row.spec: row.mean for row in data.summary.rows}
    curves = {
        spec: threshold_curve(cells.where(cells.frame["spec"] == spec), policy)
        for spec in data.defective["spec"].drop_duplicates()
    }
    described = f"{len(curves)} panels, one for each method, with the best method, {best}, in grey behind it."
    yield Panel(
        "thresholds",
        "IoU against the threshold",
        f"Lines of IoU against the threshold. {described}",
        "Lines: every heatmap is cut at the same share of its own range. "
        f"Cross: IoU under the policy {policy}, drawn at its mean threshold. A policy that chooses a threshold for "
        "every heatmap can lie above or below the line.",
        charts.thresholds(curves, best, {spec: means[spec]["iou"] for spec in curves}, str(policy)),
    )
    chosen = {spec: (means[spec]["recall"], means[spec]["precision"]) for spec in curves}
    yield Panel(
        "precision-recall",
        "Precision against recall",
        f"Lines of precision against recall. {described}",
        "Over the pixels of all defective images; along a line, every heatmap is cut at the same share of its own "
        f"range. Cross: the policy {policy}.",
        charts.precision_recall(curves, best, chosen, str(policy)),
    )


@panel
def by_size(data: PageData) -> Iterator[Panel]:
    """Show the IoU of small and of large defects."""
    if len(data.defective):
        sizes = size_classes(data.defective)
        caption = "Pooled within each column. A small defect is harder for every method: compare within a column."
        yield from _by_part(data, "size", sizes, "defect area, share of the image", caption)


@panel
def by_kind(data: PageData) -> Iterator[Panel]:
    """Show the IoU of each kind of defect."""
    yield from _by_part(data, "kind", data.defective["label"], "kind of defect", "Pooled within each column.")


def _by_part(data: PageData, what: str, part: pd.Series[Any], heading: str, caption: str) -> Iterator[Panel]:
    """Show the IoU within each part of the defective images, if there are several."""
    if part.nunique() > 1:
        images = data.defective.groupby(part, observed=True)["image"].nunique()
        counts = {str(key): int(number) for key, number in images.items()}
        yield Panel(
            what,
            f"IoU by {what} of defect",
            f"A matrix of IoU in percent: a row for each method, a column for each {what} of defect.",
            caption,
            charts.parts(pooled_iou(data.defective, part), counts, heading),
        )


@panel
def defect_free(data: PageData) -> Iterator[Panel]:
    """Show how much of each defect-free image is predicted positive."""
    images = data.images
    free = images[(images["defect"] == 0) & images["status"].isin(USABLE)]
    if len(free):
        table = pd.DataFrame({"spec": free["spec"], "area": free["fp"] / (free["fp"] + free["tn"])})
        yield Panel(
            "defect-free",
            "False-positive area on defect-free images",
            "Boxes of the share of each defect-free image that is predicted positive, a row for each method.",
            "Share of a defect-free image that is predicted positive. Boxes: quartiles; whiskers: 5th and 95th "
            "percentile; diamonds: mean. Images whose heatmap is constant or failed are left out. Methods that "
            "need further forward passes are not run on defect-free images unless that was asked for.",
            charts.false_positives(table),
        )


@panel
def timing(data: PageData) -> Iterator[Panel]:
    """Show IoU against the time of an image, where times were put into the folder of the run."""
    path = data.folder / TIMING
    if not path.is_file():
        return
    scored = {row.spec: row.mean["iou"] for row in data.summary.rows}
    timed = pd.read_csv(path).assign(iou=lambda table: table["spec"].map(scored)).dropna(subset="iou")
    points = dict(zip(timed["spec"], zip(timed["median_seconds"], timed["iou"], strict=True), strict=True))
    if points:
        yield Panel(
            "timing",
            "IoU against time",
            f"Points of IoU against median time for {len(points)} methods, with a line along the Pareto front.",
            f"Times are those of {TIMING} in the folder of the run; what else the machine did is not known.",
            pareto_figure(points, "median seconds"),
        )
