"""What the baselines of the suite say of a method."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd

from reports.formatting import bracketed, percent
from reports.methods_table import COLUMNS, place
from reports.page.page_data import PageData, gather
from results.metrics.formulas import METRICS
from results.metrics.scoring import Row
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.breakdown import pooled_iou, size_classes
from results.store.baselines import SHIPPED

OTSU = ThresholdPolicy("otsu")
NOTABLE = 3
"""The last place that is named among a method's strengths."""


@dataclass(frozen=True)
class Score:
    """One spec on one baseline, in percent and ready to be printed.

    Attributes:
        spec: its short text.
        iou: the pooled IoU with its interval, "24.21 [21.86, 27.30]"; a dash where the method has no answer.
        others: of the other columns of the table.
        place: by IoU, from 1; 0 for methods of chance and where the method has no answer.
        strengths: metrics in which it is among the best, "1st in IoU".
        by_size: IoU by size of the defect, smallest first.
        published: the IoU that its paper printed; empty where there is none.
        reason: why the method has no answer; empty where it has one.
    """

    spec: str
    iou: str
    others: tuple[str, ...]
    place: int
    strengths: tuple[str, ...]
    by_size: tuple[str, ...]
    published: str
    reason: str


@dataclass(frozen=True, eq=False)
class Baseline:
    """A baseline of the suite, and what it says of each spec.

    Attributes:
        name: of the baseline.
        protocol: what its numbers are taken over.
        columns: headings of `Score.others`.
        sizes: headings of `Score.by_size`, the area of the defect as a share of the image.
        ranked: how many methods have a place.
        published_setting: what the papers' numbers were taken on; empty where there are none.
        scores: one a spec, in the order of its table.
    """

    name: str
    protocol: str
    columns: tuple[str, ...]
    sizes: tuple[str, ...]
    ranked: int
    published_setting: str
    scores: tuple[Score, ...]

    def of(self, specs: set[str]) -> list[Score]:
        """Return the scores of `specs`, in the order of the table."""
        return [score for score in self.scores if score.spec in specs]


@cache
def baselines() -> tuple[Baseline, ...]:
    """Return every baseline of the suite, scored with Otsu's threshold."""
    return tuple(_read(path.parent.name) for path in sorted(SHIPPED.glob("*/manifest.json")))


def _read(name: str) -> Baseline:
    data = gather(SHIPPED / name, OTSU)
    summary = data.summary
    sizes = pooled_iou(data.defective, size_classes(data.defective))
    return Baseline(
        name,
        summary.protocol,
        tuple(METRICS[column].label for column in COLUMNS[1:]),
        tuple(map(str, sizes.columns)),
        sum(not row.chance and row.applicable for row in summary.rows),
        summary.published_setting if summary.published else "",
        tuple(_score(data, row, sizes) for row in summary.rows),
    )


def _score(data: PageData, row: Row, sizes: pd.DataFrame) -> Score:
    places = {name: place(data.summary, row, name) for name in COLUMNS}
    return Score(
        row.spec,
        f"{percent(row.mean['iou'])} {bracketed(data.intervals.get(row.spec))}".rstrip(),
        tuple(percent(row.mean[name]) for name in COLUMNS[1:]),
        places["iou"],
        tuple(f"{_ordinal(at)} in {METRICS[name].label}" for name, at in places.items() if 0 < at <= NOTABLE),
        tuple(map(percent, sizes.loc[row.spec])) if row.spec in sizes.index else (),
        f"{published:.2f}" if (published := data.summary.published.get(row.spec)) else "",
        "" if row.applicable else row.reason,
    )


def _ordinal(number: int) -> str:
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
