"""From what was gathered of a run to its charts, with what they show in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from reports.page import charts
from reports.page.chart_files import Drawing, keep
from reports.page.page_data import Material
from reports.sweep_table import POINTS, figure_of, read_points
from results.metrics.curves import threshold_curve
from results.statistics.breakdown import pooled_iou, size_classes
from results.status import USABLE

TIMING = "timing.csv"
"""Where the time of each method may stand in the folder of a run: a row a method, ``spec`` and ``median_seconds``."""


def draw(material: Material, folder: Path) -> list[Drawing]:
    """Draw every chart that the run has something for into the page's folder, and say what was drawn."""
    drawn = [*_delta(material, folder)]
    if len(material.defective):
        drawn += [*_curves(material, folder), *_parts(material, folder)]
    return [*drawn, *_defect_free(material, folder), *_timing(material, folder)]


def _delta(material: Material, folder: Path) -> Iterator[Drawing]:
    path = material.folder / POINTS
    if path.is_file():
        sweep = read_points(path)
        families = ", ".join(dict.fromkeys(curve.family for curve in sweep))
        yield keep(
            figure_of(sweep),
            Drawing(
                "delta",
                "IoU against δ",
                f"Lines of IoU against the percentile δ for {families}.",
                "Pooled IoU of the defective images; bands are 95 % intervals over physical items. "
                "The table of chosen δ is sweep.md in the run's folder.",
            ),
            folder,
        )


def _curves(material: Material, folder: Path) -> Iterator[Drawing]:
    policy, best = material.summary.policy, material.best
    rows = {row.spec: row.mean for row in material.summary.rows}
    cells = material.cells
    curves = {
        spec: threshold_curve(cells.where(cells.frame["spec"] == spec), policy)
        for spec in material.defective["spec"].drop_duplicates()
    }
    told = f"{len(curves)} panels, one a method, each with {best}, the best method, in grey behind it."
    yield keep(
        charts.thresholds(curves, best, {spec: rows[spec]["iou"] for spec in curves}, str(policy)),
        Drawing(
            "thresholds",
            "IoU against the threshold",
            f"Lines of IoU against the threshold. {told}",
            f"Lines: every map is cut at the same share of its own range. Cross: what {policy} gives, which has a "
            "threshold of its own for every map, drawn at their mean; it need not lie on the line.",
        ),
        folder,
    )
    chosen = {spec: (rows[spec]["recall"], rows[spec]["precision"]) for spec in curves}
    yield keep(
        charts.precision_recall(curves, best, chosen, str(policy)),
        Drawing(
            "precision-recall",
            "Precision against recall",
            f"Lines of precision against recall. {told}",
            f"Of the pixels of all defective images, every map cut at the same level. Cross: {policy}.",
        ),
        folder,
    )


def _parts(material: Material, folder: Path) -> Iterator[Drawing]:
    defective = material.defective
    questions: list[tuple[str, str, pd.Series[Any]]] = [
        ("size", "marked share of the image", size_classes(defective)),
        ("kind", "kind of defect", defective["label"]),
    ]
    for what, heading, part in questions:
        if part.nunique() < 2:
            continue
        counts = defective.groupby(part, observed=True)["image"].nunique()
        yield keep(
            charts.parts(pooled_iou(defective, part), {str(key): int(n) for key, n in counts.items()}, heading),
            Drawing(
                what,
                f"IoU by {what} of the defect",
                f"A matrix of IoU in percent: a row a method, a column a {what} of defect.",
                "Pooled within each column, so that columns may be compared between methods; a small defect is harder "
                "for every method."
                if what == "size"
                else "Pooled within each column.",
            ),
            folder,
        )


def _defect_free(material: Material, folder: Path) -> Iterator[Drawing]:
    images = material.images
    free = images[(images["defect"] == 0) & images["status"].isin(USABLE)]
    if free.empty:
        return
    table = pd.DataFrame({"spec": free["spec"], "area": free["fp"] / (free["fp"] + free["tn"])})
    yield keep(
        charts.false_positives(table),
        Drawing(
            "defect-free",
            "False-positive area on defect-free images",
            "Boxes of the share of each defect-free image that is marked, a row a method.",
            "What is marked where nothing should be. Boxes: quartiles; whiskers: 5 and 95 %; diamond: mean. "
            "Images whose map failed or is constant are left out; methods that ask the classifier "
            "again are mostly not run here.",
        ),
        folder,
    )


def _timing(material: Material, folder: Path) -> Iterator[Drawing]:
    path = material.folder / TIMING
    if not path.is_file():
        return
    timed = pd.read_csv(path)
    worth = {row.spec: row.mean["iou"] for row in material.summary.rows}
    table = pd.DataFrame(
        {"spec": timed["spec"], "seconds": timed["median_seconds"], "iou": timed["spec"].map(worth)}
    ).dropna()
    if table.empty:
        return
    yield keep(
        charts.pareto(table),
        Drawing(
            "timing",
            "IoU against time",
            f"{len(table)} methods by median time and IoU, with a line along those that no other one beats.",
            f"Times are those of {TIMING} in the run's folder, which says nothing of what else the machine did.",
        ),
        folder,
    )
