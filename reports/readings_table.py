"""The readings of the papers: one long table, and a picture that shows which question moves the result most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from rich.table import Table
from rich.text import Text

from reports.saving import save
from results.studies.reading_scores import Scored, questions

HEADINGS = ("Question", "Answer", "Train", "Val", "95 %", "Moved", "Test")
TEXTS = 2
"""Headings of words, before those of numbers."""
NOTE = (
    "IoU in percent. Every reading is run on training and validation images; validation chooses one (bold), which "
    "with the default is shown on test. Readings that count other pixels of the same maps are not chosen from."
)
UNKNOWN = "–"
DEFAULT_ANSWER = "default"
POINT, CHOSEN, DEFAULT_COLOUR, PAPER = "#0072B2", "#D55E00", "#000000", "#009E73"
MOST_DRAWN = 60
"""Readings of a method in the picture, the best; all of them are in the table."""
ROW_HEIGHT, PANEL_WIDTH = 0.2, 4.6


def table(rows: Sequence[Scored]) -> Table:
    """Return the table for a terminal, IoU in percent; it fits 100 columns."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for number, heading in enumerate(HEADINGS):
        shown.add_column(heading, justify="left" if number < TEXTS else "right", no_wrap=True)
    for row in rows:
        if row.asked.is_default:
            shown.add_row(Text(row.asked.method, "bold"))
        shown.add_row(*(Text(cell, "bold" if row.chosen else "") for cell in _cells(row, rows)))
    return shown


def markdown(rows: Sequence[Scored]) -> str:
    """Return the table and its notes as Markdown."""
    lines = [["Method", *HEADINGS], ["---"] * (1 + TEXTS) + ["---:"] * (len(HEADINGS) - TEXTS)]
    for row in rows:
        cells = _cells(row, rows)
        lines.append([f"`{row.asked.method}`", *(f"**{cell}**" if row.chosen and cell else cell for cell in cells)])
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([body, *notes(rows)]) + "\n"


def notes(rows: Sequence[Scored]) -> list[str]:
    """Return what has to be known beside the table, and which questions move each method most."""
    lines = [NOTE]
    for method in dict.fromkeys(row.asked.method for row in rows):
        moved = [one for one in questions(rows) if one.method == method]
        default = next(row for row in rows if row.asked.method == method and row.asked.is_default)
        if not math.isnan(default.published):
            away = 100 * (default.val - default.published)
            printed = f"{100 * default.published:.2f} is published (other network or split)"
            lines.append(f"{method}: {printed}; the default is {away:+.2f} from it on validation images.")
        told = ", ".join(f"{one.question} {100 * one.moved:+.2f} ({one.answer})" for one in moved)
        if told:
            lines.append(f"{method} is moved most by: {told}.")
    return lines


def write(rows: Sequence[Scored], folder: Path) -> None:
    """Write ``readings.md`` and ``readings.csv``, IoU in [0, 1], with the distance to the published number."""
    (folder / "readings.md").write_text(markdown(rows))
    frame = pd.DataFrame(
        {
            "method": row.asked.method,
            "question": _question(row),
            "answer": _answer(row),
            "spec": row.asked.spec,
            "target": row.asked.run,
            "counted_over": row.asked.over,
            "train": row.train,
            "val": row.val,
            "val_low": row.low,
            "val_high": row.high,
            "test": row.test,
            "chosen": row.chosen,
            "published": row.published,
            "val_minus_published": row.val - row.published,
        }
        for row in rows
    )
    frame.to_csv(folder / "readings.csv", index=False)


def draw(rows: Sequence[Scored], folder: Path) -> Path:
    """Draw ``readings.png``: a panel a method, readings grouped by question and sorted by their validation IoU.

    Hollow points count other pixels of the default's maps; the reading that validation chose has another colour.

    Returns:
        Where the picture is.
    """
    methods = list(dict.fromkeys(row.asked.method for row in rows))
    panels = {method: _sorted([row for row in rows if row.asked.method == method]) for method in methods}
    tallest = max(map(len, panels.values()))
    size = (PANEL_WIDTH * len(methods), ROW_HEIGHT * tallest + 1.2)
    figure, axes = plt.subplots(1, len(methods), figsize=size, squeeze=False, layout="constrained", sharex=True)
    for axis, (method, panel) in zip(axes[0], panels.items(), strict=True):
        _panel(axis, method, panel)
    axes[0][0].legend(loc="lower left", bbox_to_anchor=(0, 1.06), fontsize=7, ncols=3, frameon=False)
    return save(figure, folder / "readings.png", 130)


def _panel(axis: Axes, method: str, rows: list[Scored]) -> None:
    default = next(row for row in rows if row.asked.is_default)
    axis.axvline(100 * default.val, color=DEFAULT_COLOUR, linewidth=0.8, label="default")
    if not math.isnan(default.published):
        axis.axvline(100 * default.published, color=PAPER, linestyle="--", linewidth=0.8, label="published (test)")
    for place, row in enumerate(rows):
        colour = CHOSEN if row.chosen else POINT
        filled = colour if row.asked.changes_the_map else "white"
        if not math.isnan(row.low):
            axis.plot([100 * row.low, 100 * row.high], [place, place], color=colour, linewidth=1, alpha=0.5)
        axis.plot(100 * row.val, place, "o", color=colour, markerfacecolor=filled, markersize=4)
    axis.set_yticks(range(len(rows)), [_label(row) for row in rows], fontsize=6.5)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_title(method, fontsize=9)
    axis.set_xlabel("validation IoU, %", fontsize=8)
    axis.tick_params(axis="x", labelsize=7)
    axis.grid(axis="x", linewidth=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def _sorted(rows: list[Scored]) -> list[Scored]:
    """Sort by question, that with the best answer first, and by IoU within; the default leads."""
    best: dict[str, float] = {}
    for row in rows:
        best[_question(row)] = max(best.get(_question(row), -1.0), row.val)
    ordered = sorted(rows, key=lambda row: (not row.asked.is_default, -best[_question(row)], _question(row), -row.val))
    return ordered[:MOST_DRAWN]


def _cells(row: Scored, rows: Sequence[Scored]) -> list[str]:
    default = next(one for one in rows if one.asked.method == row.asked.method and one.asked.is_default)
    interval = "" if math.isnan(row.low) else f"[{100 * row.low:.1f}, {100 * row.high:.1f}]"
    moved = "" if row.asked.is_default else f"{100 * (row.val - default.val):+.2f}"
    test = "" if math.isnan(row.test) else _percent(row.test)
    return [_question(row), _answer(row), _percent(row.train), _percent(row.val), interval, moved, test]


def _question(row: Scored) -> str:
    return "; ".join(question for question, _ in row.asked.answers)


def _answer(row: Scored) -> str:
    return "; ".join(answer for _, answer in row.asked.answers) or DEFAULT_ANSWER


def _label(row: Scored) -> str:
    return f"{_question(row)}: {_answer(row)}" if row.asked.answers else DEFAULT_ANSWER


def _percent(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{100 * value:.2f}"
