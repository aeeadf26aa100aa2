"""The rows of a comparison: both numbers, their difference with its interval, how sure it is, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from results.statistics.comparison import Comparison

TOO_FEW = "too few items"
LEAST_P = 0.001
STYLES = {"better": "bold green", "worse": "bold red", "equal": "", "undecided": "yellow"}


def headings(comparisons: Sequence[Comparison], first: str, second: str) -> list[str]:
    """Return the headings of the columns; that of the seeds is there with several of them only.

    Args:
        comparisons: what is shown.
        first: what the reference's column is called.
        second: what the method's column is called.
    """
    seeds = ["By seed"] if _several_seeds(comparisons) else []
    return ["Method", first, second, "Difference [95 %]", *seeds, "p", "+ = -", "Verdict"]


def cells(comparison: Comparison, comparisons: Sequence[Comparison]) -> list[str]:
    """Return the texts of one row, IoU in percent."""
    seeds = [by_seed(comparison)] if _several_seeds(comparisons) else []
    return [
        comparison.method,
        f"{100 * comparison.reference_iou:.2f}",
        f"{100 * comparison.iou:.2f}",
        difference(comparison),
        *seeds,
        p_value(comparison),
        f"{comparison.wins} {comparison.ties} {comparison.losses}",
        comparison.verdict,
    ]


def terminal(comparisons: Sequence[Comparison], heads: Sequence[str]) -> Table:
    """Return the table for a terminal."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    name, *others, verdict_heading = heads
    table.add_column(name, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column(verdict_heading, no_wrap=True)
    for one in comparisons:
        *texts, verdict = cells(one, comparisons)
        table.add_row(*map(Text, texts), Text(verdict, STYLES[verdict]))
    return table


def markdown(comparisons: Sequence[Comparison], heads: Sequence[str]) -> str:
    """Return the table as Markdown."""
    rows = [list(heads), ["---", *["---:" for _ in heads[2:]], "---"]]
    for one in comparisons:
        method, *texts, verdict = cells(one, comparisons)
        rows.append([f"`{method}`", *texts, verdict if verdict == "equal" else f"**{verdict}**"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_rows(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """Return the table for a program: IoU in [0, 1], p already corrected."""
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


def difference(comparison: Comparison) -> str:
    """Write a difference in IoU points with its interval, if it has one."""
    text = _points(comparison.difference)
    if comparison.interval:
        low, high = map(_points, comparison.interval)
        text += f" [{low}, {high}]"
    return text


def by_seed(comparison: Comparison) -> str:
    """Write the smallest and the largest difference of one seed's classifiers, in IoU points."""
    return f"{_points(min(comparison.by_seed))} to {_points(max(comparison.by_seed))}"


def p_value(comparison: Comparison) -> str:
    """Write the corrected p, or why there is none; nothing where nothing differs."""
    if comparison.too_few:
        return TOO_FEW
    if comparison.p is None:
        return ""
    return f"<{LEAST_P}" if comparison.p < LEAST_P else f"{comparison.p:.3f}"


def notes(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the lines under the table: over what is compared, and how p and interval are made."""
    items = sorted({one.items for one in comparisons})
    counted = f"{items[0]}" if len(items) == 1 else f"{items[0]} to {items[-1]}"
    images = max(one.images for one in comparisons)
    protocol = (
        f"IoU in percent, differences in points, paired on {images} defective test images of {counted} physical items. "
        "Interval: BCa bootstrap over items. p: permutation test that swaps the two within an item, two-sided, Holm "
        "for all rows that differ. + = -: items on which the method is higher, the same, lower."
    )
    lines = [protocol]
    if any(one.too_few for one in comparisons):
        lines.append(
            f"{TOO_FEW.capitalize()}: with n items that differ no p below 2 / 2^n exists, and that is above the level "
            "that the correction leaves."
        )
    if left_out := max(one.left_out for one in comparisons):
        lines.append(f"Up to {left_out} images are left out of a row, since only one of the two has them.")
    if _several_seeds(comparisons):
        lines.append("By seed: the smallest and the largest difference with the classifiers of one seed.")
    return lines


def _several_seeds(comparisons: Sequence[Comparison]) -> bool:
    return any(len(one.by_seed) > 1 for one in comparisons)


def _points(value: float) -> str:
    """Write a difference of IoU with its sign, in percent; what rounds to nothing has no minus."""
    return f"{round(100 * value, 2) + 0.0:+.2f}"
