"""The table of readings: how far each open question of the papers moves the IoU of each method."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.table import Table

from reports.formatting import bracketed, percent, points
from reports.grid import Cell, Column, Grid
from results.studies.reading_scores import Scored, questions

COLUMNS = (
    Column("Question", wrap="nowhere"),
    Column("Answer", wrap="nowhere"),
    *(Column(heading, right=True, wrap="nowhere") for heading in ("Train", "Val", "95 %", "Moved", "Test")),
)
NOTE = (
    "IoU in percent. Every reading is scored on training and validation images. The one that is best on validation "
    "images (bold) is scored on test images too, and so is the default. Readings that only count the pixels of the "
    "same heatmaps in another way cannot be chosen."
)
DEFAULT_ANSWER = "default"


def table(rows: Sequence[Scored]) -> Table:
    """Return the table for a terminal, IoU in percent; it fits 100 columns."""
    lines: list[list[Cell | str]] = []
    for row in rows:
        if row.asked.is_default:
            lines.append([Cell(row.asked.method, bold=True), *[""] * (len(COLUMNS) - 1)])
        lines.append(list(_cells(row, rows)))
    return Grid(COLUMNS, lines).terminal()


def markdown(rows: Sequence[Scored]) -> str:
    """Return the table and its notes as Markdown; its rows name the method."""
    lines = [[Cell(row.asked.method, code=True), *_cells(row, rows)] for row in rows]
    return "\n\n".join([Grid([Column("Method"), *COLUMNS], lines).markdown(), *notes(rows)]) + "\n"


def notes(rows: Sequence[Scored]) -> list[str]:
    """Return the lines under the table: how a reading is chosen, and which questions move each method most."""
    lines = [NOTE]
    for method in dict.fromkeys(row.asked.method for row in rows):
        default = next(row for row in rows if row.asked.method == method and row.asked.is_default)
        if not math.isnan(default.published):
            lines.append(
                f"{method}: published is {percent(default.published)} (other network or split); the default differs by "
                f"{points(default.val - default.published)} on validation images."
            )
        moved = [one for one in questions(rows) if one.method == method]
        told = ", ".join(f"{one.question} {points(one.moved)} ({one.answer})" for one in moved)
        if told:
            lines.append(f"Questions by how far they move {method}: {told}.")
    return lines


def write(rows: Sequence[Scored], folder: Path) -> None:
    """Write ``readings.md`` and ``readings.csv``, IoU in [0, 1], with the difference to the published number."""
    (folder / "readings.md").write_text(markdown(rows))
    frame = pd.DataFrame(
        {
            "method": row.asked.method,
            "question": question(row),
            "answer": answer(row),
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


def question(row: Scored) -> str:
    """Return the questions in which a reading differs from the default; "" for the default."""
    return "; ".join(question for question, _ in row.asked.answers)


def answer(row: Scored) -> str:
    """Return the answers of a reading to its questions."""
    return "; ".join(answer for _, answer in row.asked.answers) or DEFAULT_ANSWER


def _cells(row: Scored, rows: Sequence[Scored]) -> list[Cell]:
    default = next(one for one in rows if one.asked.method == row.asked.method and one.asked.is_default)
    texts = [
        question(row),
        answer(row),
        percent(row.train),
        percent(row.val),
        bracketed((row.low, row.high), 1),
        "" if row.asked.is_default else points(row.val - default.val),
        "" if math.isnan(row.test) else percent(row.test),
    ]
    return [Cell(text, bold=row.chosen) for text in texts]
