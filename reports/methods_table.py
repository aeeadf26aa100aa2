"""The main table of a run: IoU, precision, recall, micro-F1 and false-positive area of each method, and its notes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.table import Table

from reports.formatting import masks_read, percent
from reports.grid import GREY, Cell, Column, Grid
from reports.protocol import unscored
from reports.summary import Summary
from results.metrics.formulas import METRICS
from results.metrics.scoring import Row

COLUMNS = ("iou", "precision", "recall", "f1", "false_positive_area")
"""Metrics of the table; those of the files and of the page are all metrics."""
HEADINGS = {"false_positive_area": "FP area"}


def headings(summary: Summary) -> list[str]:
    """Return the headings of the table; "Masks" heads the split whose masks the threshold was chosen on."""
    names = [HEADINGS.get(name, METRICS[name].label) for name in COLUMNS]
    published = [f"IoU {summary.published_setting}"] if summary.published else []
    return ["Method", *names, "Masks", *published]


def terminal(summary: Summary) -> Table:
    """Return the table for a terminal; it fits 100 columns."""
    return grid(summary).terminal()


def markdown(summary: Summary) -> str:
    """Return the table and its notes as Markdown."""
    return "\n\n".join([grid(summary).markdown(), *notes(summary)]) + "\n"


def grid(summary: Summary) -> Grid:
    """Return the table, numbers in percent, the best of each column in bold; what is no result is grey."""
    first, *others = headings(summary)
    columns = [Column(first, wrap="nowhere"), *(Column(heading, right=True) for heading in others)]
    return Grid(columns, [_cells(summary, row) for row in summary.rows])


def notes(summary: Summary) -> list[str]:
    """Return the lines under the table: unit and protocol, and whatever a reader would not expect."""
    lines = [f"In percent. {summary.protocol}"]
    if summary.manifest.target.startswith("label"):
        lines.append("Target label: every heatmap explains its image's own label, which is read from the test set.")
    lines += [f"Equal on this network: {' = '.join(group)}." for group in summary.equal]
    for row in summary.rows:
        lines += _notes_of(row)
    if any(row.empty for row in summary.rows):
        lines.append("Empty: the heatmap is zero everywhere, so that no pixel is predicted positive.")
    if any(row.constant or row.failed for row in summary.rows):
        lines.append("Constant, failed: no pixel is predicted positive, and none counts as a true negative.")
    unread, unmasked = (max((getattr(row, name) for row in summary.rows), default=0) for name in ("unread", "unmasked"))
    none = all(math.isnan(row.mean["iou"]) for row in summary.rows)
    return [*lines, *unscored(unread, unmasked, none_masked=none)]


def _notes_of(row: Row) -> Iterator[str]:
    if not row.applicable:
        yield f"{row.spec} is not applicable: {row.reason}."
    elif unusual := _unusual(row):
        why = f" ({row.reason})" if row.failed and row.reason else ""
        yield f"{row.spec}: of {row.images} heatmaps, {unusual}{why}."
    if row.remark:
        yield f"{row.spec}: {row.remark}."
    if row.noted:
        worst = ", at worst" if row.noted > 1 else ""
        yield f"{row.spec}, {row.noted} of {row.images} images{worst}: {row.note}."
    if row.dominant:
        layer, share = row.dominant
        contributed = f"{layer} contributes {100 * share:.0f} % of the fused heatmap's maximum"
        yield f"{row.spec} amounts to one layer here: {contributed}."


def _unusual(row: Row) -> str:
    """Return how many heatmaps are empty, constant or failed, and how many of those are of defective images."""
    numbers = {
        "empty": (row.empty, row.empty_defective),
        "constant": (row.constant, row.constant_defective),
        "failed": (row.failed, row.failed_defective),
    }
    known = {name: counts for name, counts in numbers.items() if counts[0]}
    return ", ".join(f"{count} {name} ({defective} on defective images)" for name, (count, defective) in known.items())


def _cells(summary: Summary, row: Row) -> list[Cell]:
    colour = GREY if summary.policy.is_oracle or not row.applicable else ""
    texts = {name: percent(row.mean[name], spread=row.spread[name] if row.spread else None) for name in COLUMNS}
    numbers = [Cell(text, bold=place(summary, row, name) == 1, colour=colour) for name, text in texts.items()]
    cells = [Cell(row.spec, code=True, colour=colour), *numbers, Cell(masks_read(row.supervision), colour=colour)]
    if summary.published:
        known = summary.published.get(row.spec)
        cells.append(Cell("" if known is None else f"{known:.2f}", colour=GREY))
    return cells


def place(summary: Summary, row: Row, name: str) -> int:
    """Return the rank of a row in the metric `name`, as far as the printed digits show; equal numbers share a rank.

    Returns:
        1 for the best, 2 for the second, ...; 0 for rows that are not ranked: chance-level methods, undefined numbers,
        and all rows where the threshold was chosen on the masks of the test images.
    """
    return 0 if summary.policy.is_oracle else _place(row, name, summary.rows)


def _place(row: Row, name: str, rows: tuple[Row, ...]) -> int:
    own = row.mean[name]
    if row.chance or math.isnan(own):
        return 0
    sign = 1 if METRICS[name].higher_is_better else -1
    values = {
        round(sign * 100 * one.mean[name], 2) for one in rows if not one.chance and not math.isnan(one.mean[name])
    }
    return 1 + sum(value > round(sign * 100 * own, 2) for value in values)
