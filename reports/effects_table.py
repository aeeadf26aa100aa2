"""The table of main effects: what each part of a method contributes to the IoU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from reports.formatting import percent, points
from reports.grid import Cell, Column, Grid
from results.metrics.thresholds import ThresholdPolicy
from results.store.run_store import RunStore
from results.studies.effects import Effect, Effects, Interaction, effects

NAMES = {"rule": "Rule", "layers": "Layers", "weighting": "Weighting", "fuse": "Fusing"}
"""Of the factors, as tables and figures show them."""
COLUMNS = (
    Column("Factor"), Column("Level"), Column("Mean IoU", right=True), Column("Difference [95 %]", right=True),
)  # fmt: skip


def effects_of(folder: Path, policy: ThresholdPolicy, specs: list[str]) -> Effects | None:
    """Return the main effects among some methods of the run in `folder`, None where they hold no full factorial design.

    Args:
        folder: of the run.
        policy: how thresholds are chosen.
        specs: short texts of the methods.

    Raises:
        ResultError: the folder holds no run, or the policy needs what the run does not have.
    """
    cells = RunStore(folder).cells()
    return effects(cells.where(cells.frame["spec"].isin(specs)), policy)


def terminal(found: Effects) -> Table:
    """Return the table for a terminal; it fits 100 columns."""
    return _grid(found).terminal()


def markdown(found: Effects) -> str:
    """Return the table and its notes as Markdown."""
    return "\n\n".join([_grid(found).markdown(), *notes(found)]) + "\n"


def notes(found: Effects) -> list[str]:
    """Return the lines under the table: what the means are taken over, and how certain the differences are."""
    methods = len({one.spec for one in found.combinations})
    delta = "" if found.delta is None else f" at δ = {found.delta:g}"
    protocol = (
        f"Main effects in a full factorial design of {methods} methods{delta}. The pooled IoU of a level, in percent, "
        "is the mean over all combinations of the other factors; differences, in percentage points, are to the "
        f"factor's first level. Threshold {found.policy}."
    )
    lines = [protocol]
    if any(row.factor == "fuse" for row in found.rows) and not all(one.fused for one in found.combinations):
        lines.append(
            "Ways of fusing are compared among methods of several layers only. A method of one layer has nothing to "
            "fuse; in the means of the other factors it stands for every way of fusing."
        )
    if found.items > 1:
        lines.append(
            f"Intervals: bootstrap over the {found.items} physical items with a defect, the same resamples for all "
            "methods, not corrected for multiple comparisons. Bold: the interval excludes 0."
        )
    else:
        lines.append("No intervals: all defects are on one physical item.")
    if found.interaction:
        lines.append(_largest_interaction(found, found.interaction))
    return lines


def as_rows(found: Effects) -> list[dict[str, Any]]:
    """Return the table for a program: IoU and differences in [0, 1], None where undefined."""
    return [
        {
            "factor": row.factor,
            "level": row.level,
            "iou": row.iou,
            "difference": row.difference,
            "interval": row.interval and list(row.interval),
        }
        for row in found.rows
    ]


def _grid(found: Effects) -> Grid:
    return Grid(COLUMNS, [_cells(found, row) for row in found.rows])


def _cells(found: Effects, row: Effect) -> list[Cell | str]:
    """Return a row, which names the factor at its first level only."""
    level, mean = Cell(row.level, code=True), percent(row.iou)
    if row.difference is None:
        return [NAMES[row.factor], level, mean, ""]
    return ["", level, mean, Cell(points(row.difference, row.interval), bold=_is_bold(found, row))]


def _is_bold(found: Effects, row: Effect) -> bool:
    """Tell whether the interval excludes 0; what was chosen on the masks of the test images is never bold."""
    return not found.policy.is_oracle and row.interval is not None and not row.interval[0] <= 0 <= row.interval[1]


def _largest_interaction(found: Effects, interaction: Interaction) -> str:
    first = {row.factor: row.level for row in found.rows if row.difference is None}
    (one, its_level), (other, other_level) = interaction.levels.items()
    size = 100 * interaction.value
    return (
        f"Largest two-way interaction: the difference of {its_level} to {first[one]} is {abs(size):.2f} percentage "
        f"points {'lower' if size < 0 else 'higher'} with {other_level} than with {first[other]}. Where an interaction "
        "is large, the means do not tell what a single method reaches: see the table of methods."
    )
