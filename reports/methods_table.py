"""The papers' table: method, IoU, precision, recall, micro-F1, and what a reader has to know beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from reports.summary import Summary
from results.metrics.formulas import METRICS
from results.metrics.scoring import Row

COLUMNS = ("iou", "precision", "recall", "f1", "false_positive_area")
HEADINGS = {"false_positive_area": "FP area"}
UNDEFINED = "–"


@dataclass(frozen=True)
class _Line:
    """One method, its numbers written in percent; `best` holds the columns in which none is better."""

    method: str
    numbers: tuple[str, ...]
    best: frozenset[int]
    supervision: str
    published: str
    grey: bool


def headings(summary: Summary) -> list[str]:
    """Return the headings of the table's columns; under "Masks" stands what the threshold was chosen on."""
    names = [HEADINGS.get(name, METRICS[name].label) for name in COLUMNS]
    published = [f"IoU {summary.published_setting}"] if summary.published else []
    return ["Method", *names, "Masks", *published]


def terminal(summary: Summary) -> Table:
    """Return the table for a terminal; it fits 100 columns."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    first, *others = headings(summary)
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right")
    for line in _lines(summary):
        style = "bright_black" if line.grey else ""
        numbers = [Text(number, "bold" if column in line.best else style) for column, number in enumerate(line.numbers)]
        published = [Text(line.published, "bright_black")] if summary.published else []
        table.add_row(Text(line.method, style), *numbers, Text(line.supervision, style), *published)
    return table


def markdown(summary: Summary) -> str:
    """Return the table and its notes as Markdown."""
    heads = headings(summary)
    rows = [heads, ["---", *["---:" for _ in heads[1:]]]]
    for line in _lines(summary):
        numbers = [f"**{number}**" if column in line.best else number for column, number in enumerate(line.numbers)]
        rows.append([f"`{line.method}`", *numbers, line.supervision, *([line.published] if summary.published else [])])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([table, *notes(summary)]) + "\n"


def notes(summary: Summary) -> list[str]:
    """Return the lines under the table: unit and protocol, and what is not as a reader would expect."""
    lines = [f"In percent. {summary.protocol}"]
    if summary.manifest.target.startswith("label"):
        lines.append("Every heatmap was told its image's label.")
    lines += [f"Equal on this network: {' = '.join(group)}." for group in summary.equal]
    for row in summary.rows:
        if not row.applicable:
            lines.append(f"{row.spec} has no answer here: {row.reason}.")
        elif found := _unlike_others(row):
            why = f" ({row.reason})" if row.failed and row.reason else ""
            lines.append(f"{row.spec}: of {row.images} maps {found}{why}.")
        if row.noted:
            worst = ", at worst" if row.noted > 1 else ""
            lines.append(f"{row.spec}, {row.noted} of {row.images} images{worst}: {row.note}.")
        if row.dominant:
            layer, share = row.dominant
            lines.append(f"{row.spec} is a one-layer method here: {layer} gives {100 * share:.0f} % of it.")
    if unread := max((row.unread for row in summary.rows), default=0):
        lines.append(f"Images that could not be read, and are not scored: {unread}.")
    return lines


def _unlike_others(row: Row) -> str:
    """Say how many maps of a method show nothing, and how many of those are of defective images."""
    numbers = {
        "empty": (row.empty, row.empty_defective),
        "constant": (row.constant, row.constant_defective),
        "failed": (row.failed, row.failed_defective),
    }
    return ", ".join(
        f"{count} {name} ({defective} with a defect)" for name, (count, defective) in numbers.items() if count
    )


def _lines(summary: Summary) -> list[_Line]:
    grey = summary.policy.supervision == "masks of test"
    return [
        _Line(
            method=row.spec,
            numbers=tuple(_number(row, name) for name in COLUMNS),
            best=frozenset(i for i, name in enumerate(COLUMNS) if place(summary, row, name) == 1),
            supervision=row.supervision.removeprefix("masks of "),
            published=f"{summary.published[row.spec]:.2f}" if row.spec in summary.published else "",
            grey=grey or not row.applicable,
        )
        for row in summary.rows
    ]


def _number(row: Row, name: str) -> str:
    value = row.mean[name]
    if math.isnan(value):
        return UNDEFINED
    spread = f" ±{100 * row.spread[name]:.2f}" if row.spread else ""
    return f"{100 * value:.2f}{spread}"


def place(summary: Summary, row: Row, name: str) -> int:
    """Return how a row ranks in `name` among those that are not of chance, as far as the printed digits show.

    Returns:
        1 for the best, 2 for the second, ...; equal numbers share a place. 0 for rows without one: of chance,
        undefined, or of thresholds that were chosen on the masks of test.
    """
    return 0 if summary.policy.supervision == "masks of test" else _place(row, name, summary.rows)


def _place(row: Row, name: str, rows: tuple[Row, ...]) -> int:
    own = row.mean[name]
    if row.chance or math.isnan(own):
        return 0
    sign = 1 if METRICS[name].higher_is_better else -1
    values = {
        round(sign * 100 * one.mean[name], 2) for one in rows if not one.chance and not math.isnan(one.mean[name])
    }
    return 1 + sum(value > round(sign * 100 * own, 2) for value in values)
