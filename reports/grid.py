"""A table of texts, written once and shown twice: on a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table
from rich.text import Text

GREY = "bright_black"
"""Colour of what is shown but is no result."""


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        heading: its title.
        right: aligned to the right, as numbers are.
        wrap: where a terminal may break a text that is too long for it: between words, anywhere, or nowhere.
    """

    heading: str
    right: bool = False
    wrap: Literal["words", "anywhere", "nowhere"] = "words"


@dataclass(frozen=True)
class Cell:
    """The text of one cell.

    Attributes:
        text: as it is read.
        bold: on the terminal and in Markdown.
        code: set as code in Markdown, as the names of methods are.
        colour: on the terminal; Markdown has none.
    """

    text: str
    bold: bool = False
    code: bool = False
    colour: str = ""


@dataclass(frozen=True)
class Grid:
    """Columns and rows; plain texts stand for a column aligned to the left, and for a plain cell.

    >>> print(Grid(["Method", Column("IoU", right=True)], [[Cell("ra-cam", code=True), "18.23"]]).markdown())
    | Method | IoU |
    | --- | ---: |
    | `ra-cam` | 18.23 |
    """

    columns: Sequence[Column | str]
    rows: Sequence[Sequence[Cell | str]]

    def terminal(self) -> Table:
        """Return the table for a terminal."""
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in map(_column, self.columns):
            table.add_column(
                column.heading,
                justify="right" if column.right else "left",
                no_wrap=column.wrap == "nowhere",
                overflow="fold" if column.wrap == "anywhere" else "ellipsis",
            )
        for row in self.rows:
            table.add_row(*(Text(one.text, f"{'bold ' * one.bold}{one.colour}".strip()) for one in map(_cell, row)))
        return table

    def markdown(self) -> str:
        """Return the table as Markdown, without a line break at its end."""
        lines = [
            [column.heading for column in map(_column, self.columns)],
            ["---:" if column.right else "---" for column in map(_column, self.columns)],
            *([_markdown(_cell(one)) for one in row] for row in self.rows),
        ]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _column(one: Column | str) -> Column:
    return Column(one) if isinstance(one, str) else one


def _cell(one: Cell | str) -> Cell:
    return Cell(one) if isinstance(one, str) else one


def _markdown(cell: Cell) -> str:
    text = cell.text.replace("|", r"\|")
    if not text:
        return ""
    if cell.code:
        return f"`{text}`"
    return f"**{text}**" if cell.bold else text
