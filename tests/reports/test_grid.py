"""A table that is written once and shown twice."""

import pytest

from reports.grid import GREY, Cell, Column, Grid
from tests.helpers.terminal import COLOURS, text_of

GRID = Grid(
    [Column("Method"), Column("IoU", right=True)],
    [[Cell("ra-cam", code=True), Cell("27.40", bold=True)], [Cell("cam", code=True, colour=GREY), ""]],
)


def test_markdown_aligns_columns_and_marks_code_and_bold():
    assert GRID.markdown().splitlines() == [
        "| Method | IoU |", "| --- | ---: |", "| `ra-cam` | **27.40** |", "| `cam` |  |",
    ]  # fmt: skip


@pytest.mark.parametrize("cell", [Cell("a|b"), Cell("a|b", code=True), Cell("a|b", bold=True)])
def test_a_bar_within_a_cell_is_no_border_of_it(cell):
    line = Grid([Column("A"), Column("B")], [[cell, "c"]]).markdown().splitlines()[-1]
    assert line.replace(r"\|", "").count("|") == 3


@pytest.mark.parametrize("cell", [Cell("", bold=True), Cell("", code=True)])
def test_an_empty_cell_has_no_marks(cell):
    assert Grid([Column("A")], [[cell]]).markdown().splitlines()[-1] == "|  |"


def test_a_terminal_shows_the_same_texts_in_their_colours():
    _, best, grey = text_of(GRID.terminal(), **COLOURS).splitlines()
    assert "\x1b[1m27.40" in best
    assert "\x1b[90mcam" in grey
    assert "`" not in best + grey
    assert [line.split() for line in text_of(GRID.terminal()).splitlines()] == [
        ["Method", "IoU"], ["ra-cam", "27.40"], ["cam"],
    ]  # fmt: skip


def test_markup_within_a_cell_is_only_text():
    assert "[bold]x[/bold]" in text_of(Grid([Column("A")], [["[bold]x[/bold]"]]).terminal())


@pytest.mark.parametrize(("wrap", "lines"), [("nowhere", 2), ("anywhere", 3)])
def test_a_text_that_is_too_long_is_cut_or_broken_as_its_column_says(wrap, lines):
    text = text_of(Grid([Column("A", wrap=wrap)], [["x" * 150]]).terminal())
    assert len(text.splitlines()) == lines
    assert ("…" in text) == (wrap == "nowhere")
