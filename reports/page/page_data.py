"""What the page shows of a run, read once for all its parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.summary import Summary, summarise
from reports.sweep_points import POINTS
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.breakdown import image_table, item_interval
from results.store.cells import GOOD, Cells
from results.store.run_store import RunStore


@dataclass(frozen=True, eq=False)
class PageData:
    """A run under one threshold policy.

    Attributes:
        summary: the rows of its table.
        cells: of the methods in the table.
        images: as `results.statistics.breakdown.image_table` gives them, methods in the order of the table; those that
            are not applicable are left out.
        intervals: 95 % interval of the pooled IoU over items, in [0, 1], by method; NaN where there is none.
    """

    summary: Summary
    cells: Cells
    images: pd.DataFrame
    intervals: dict[str, tuple[float, float]]

    @property
    def folder(self) -> Path:
        """Return the folder of the run."""
        return self.summary.folder

    @property
    def defective(self) -> pd.DataFrame:
        """Return the rows of `images` that show a defect."""
        return self.images[self.images["defect"] > 0]

    @property
    def best(self) -> str:
        """Return the method with the best IoU, a chance-level one only if there are no others; "" without any."""
        known = [row for row in self.summary.rows if row.mean["iou"] == row.mean["iou"]]
        return max(known, key=lambda row: (not row.chance, row.mean["iou"])).spec if known else ""


def gather(folder: Path, policy: ThresholdPolicy, specs: list[str] | None = None) -> PageData:
    """Read the run in `folder`.

    Args:
        folder: of the run.
        policy: how thresholds are chosen.
        specs: short texts of the methods to show, in this order. By default all that were tested, chance-level methods
            last, without those that only a sweep over δ has tested and those that `policy` cannot be tuned for.

    Raises:
        ResultError: the folder holds no run, or the policy needs what the run does not have.
    """
    cells = RunStore(folder).cells()
    summary = summarise(folder, policy, specs or _tested(folder, cells, policy))
    shown = [row.spec for row in summary.rows if row.applicable and row.images]
    cells = cells.where(cells.frame["spec"].isin([row.spec for row in summary.rows]))
    images = image_table(cells, policy)
    images = images.set_index("spec").loc[shown].reset_index() if shown else images[:0]
    defective = images[images["defect"] > 0]
    intervals = {str(spec): item_interval(rows) for spec, rows in defective.groupby("spec", sort=False)}
    return PageData(summary, cells, images, intervals)


def _tested(folder: Path, cells: Cells, policy: ThresholdPolicy) -> list[str]:
    """Return the methods of a run's table."""
    frame = cells.frame[cells.frame["split"] == "test"].sort_values("chance", kind="stable")
    everything = list(frame["spec"].drop_duplicates())
    if policy.kind == "tuned":
        validated = set(cells.frame["spec"][cells.frame["split"] == "val"])
        everything = [spec for spec in everything if spec in validated] or everything
    path = folder / POINTS
    if not path.is_file():
        return everything
    swept = set(pd.read_csv(path)["family"])
    # A sweep scores defective images only, and a family is a spec without its δ.
    whole = set(frame["spec"][frame["label"] == GOOD])
    chosen = [spec for spec in everything if spec in whole or not any(_is_of(spec, family) for family in swept)]
    return chosen or everything


def _is_of(spec: str, family: str) -> bool:
    name, _, options = family.partition("[")
    return spec.startswith(name + "@") and spec.endswith(options)
