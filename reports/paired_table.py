"""The table of paired comparisons: both IoU, their difference with its interval, p, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.formatting import UNDEFINED, percent, points
from reports.grid import Cell, Column, Grid
from results.statistics.comparison import Comparison

TOO_FEW = "too few items"
LEAST_P = 0.001
COLOURS = {"better": "green", "worse": "red", "equal": "", "undecided": "yellow"}


def grid(comparisons: Sequence[Comparison], first: str, second: str) -> Grid:
    """Return the table, IoU in percent; with several seeds it has a column more, the spread over them.

    Args:
        comparisons: a row each.
        first: heading of the reference's IoU.
        second: heading of the method's IoU.
    """
    seeds = ["By seed"] if _several_seeds(comparisons) else []
    numbers = [first, second, "Difference [95 %]", *seeds, "p", "+ = -"]
    columns = [
        Column("Method", wrap="anywhere"),
        *(Column(heading, right=True, wrap="nowhere") for heading in numbers),
        Column("Verdict", wrap="nowhere"),
    ]
    return Grid(columns, [_cells(one, by_seed=bool(seeds)) for one in comparisons])


def _cells(one: Comparison, *, by_seed: bool) -> list[Cell | str]:
    spread = [f"{points(min(one.by_seed))} to {points(max(one.by_seed))}"] if by_seed else []
    return [
        Cell(one.method, code=True),
        percent(one.reference_iou),
        percent(one.iou),
        points(one.difference, one.interval),
        *spread,
        p_value(one),
        f"{one.wins} {one.ties} {one.losses}",
        Cell(one.verdict, bold=one.verdict != "equal", colour=COLOURS[one.verdict]),
    ]


def p_value(one: Comparison) -> str:
    """Return the corrected p; a dash where nothing differs, and words where there are too few items for a test."""
    if one.too_few:
        return TOO_FEW
    if one.p is None:
        return UNDEFINED
    return f"<{LEAST_P}" if one.p < LEAST_P else f"{one.p:.3f}"


def notes(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the lines under the table: what is compared, and how p and intervals are computed."""
    items = sorted({one.items for one in comparisons})
    counted = f"{items[0]}" if len(items) == 1 else f"{items[0]} to {items[-1]}"
    images = max(one.images for one in comparisons)
    protocol = (
        f"IoU in percent, differences in percentage points, paired on {images} defective test images of {counted} "
        "physical items. Interval: BCa bootstrap over items. p: two-sided permutation test that swaps the two within "
        "items, Holm-corrected over all rows that differ. + = -: items on which the method's IoU is higher, equal, "
        "lower."
    )
    lines = [protocol]
    if any(one.too_few for one in comparisons):
        lines.append(
            f"{TOO_FEW.capitalize()}: with n items that differ, p cannot be below 2 / 2^n, and that is above the "
            "corrected significance level."
        )
    if left_out := max(one.left_out for one in comparisons):
        lines.append(f"Up to {left_out} images are left out of a row because only one of the two sides has them.")
    if _several_seeds(comparisons):
        lines.append("By seed: the smallest and the largest difference among the seeds of the classifiers.")
    return lines


def as_rows(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return the table for a program: IoU in [0, 1], p after correction."""
    return [
        {
            "method": one.method,
            "reference": one.reference,
            "iou": one.iou,
            "reference_iou": one.reference_iou,
            "difference": one.difference,
            "interval": one.interval and list(one.interval),
            "by_seed": list(one.by_seed),
            "p": one.p,
            "too_few_items": one.too_few,
            "items": one.items,
            "images": one.images,
            "left_out": one.left_out,
            "wins": one.wins,
            "ties": one.ties,
            "losses": one.losses,
            "verdict": one.verdict,
        }
        for one in comparisons
    ]


def _several_seeds(comparisons: Sequence[Comparison]) -> bool:
    return any(len(one.by_seed) > 1 for one in comparisons)
