"""The table and the files of readings."""

import pandas as pd
import pytest

from reports import readings_table
from tests.helpers.readings import ROWS
from tests.helpers.terminal import text_of


def test_the_markdown_holds_every_reading():
    text = readings_table.markdown(ROWS)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(ROWS)
    assert "| `ra-cam@50` |  | default | 10.00 | 20.00 | [15.0, 25.0] |  | 15.00 |" in lines
    bold = (
        "| `ra-cam@50` | **fusing** | **gmean** | **10.00** | **30.00** | **[25.0, 35.0]** | **+10.00** | **25.00** |"
    )
    assert bold in lines
    assert "| `ra-cam@50` | counted over | all images | – | 2.00 |  | -18.00 |  |" in lines


def test_the_notes_say_what_moves_each_method_most():
    first, *others = readings_table.notes(ROWS)
    assert "best on validation" in first
    published = "ra-cam@50: published is 25.20 (other network or split); the default differs by -5.20 on validation"
    assert published in others[0]
    moved = "counted over -18.00 (all images), fusing -15.00 (product), layers -2.00 (last)."
    assert others[1] == f"Questions by how far they move ra-cam@50: {moved}"


def test_a_method_without_other_readings_is_not_said_to_move():
    assert not any("lt-grad-cam" in note for note in readings_table.notes(ROWS))


def test_the_terminal_table_fits_100_columns():
    lines = text_of(readings_table.table(ROWS)).splitlines()
    assert len(lines) == 1 + 2 + len(ROWS)
    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)


def test_the_file_has_the_distance_to_the_published_number(tmp_path):
    readings_table.write(ROWS, tmp_path)
    frame = pd.read_csv(tmp_path / "readings.csv")
    assert frame["val_minus_published"].iloc[0] == pytest.approx(0.2 - 0.252)
    assert frame["answer"].tolist() == ["default", "gmean", "product", "last", "all images", "default"]
    assert frame["chosen"].tolist() == [False, True, False, False, False, True]
    assert (tmp_path / "readings.md").read_text() == readings_table.markdown(ROWS)
