"""The table, the file and the picture of the readings."""

import io
import math

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from PIL import Image
from rich.console import Console

from reports import readings_table
from results.studies.reading_scores import Asked, Scored

DEFAULT = Asked("ra-cam@50", (), "ra-cam@50", "default")


def scored(answers=(), val=0.2, over="defective images", method="ra-cam@50", **changes):
    asked = Asked(method, answers, "spec", "default", over)
    known = {"train": 0.1, "val": val, "low": val - 0.05, "high": val + 0.05, "test": math.nan}
    return Scored(asked, **(known | {"chosen": False, "published": math.nan} | changes))


ROWS = [
    scored(test=0.15, published=0.252),
    scored((("fusing", "gmean"),), 0.3, test=0.25, chosen=True),
    scored((("fusing", "product"),), 0.05),
    scored((("layers", "last"),), 0.18),
    scored((("counted over", "all images"),), 0.02, "all images", train=math.nan, low=math.nan, high=math.nan),
    scored(method="lt-grad-cam@50", val=0.1, test=0.09, chosen=True),
]


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
    assert "validation chooses one" in first
    assert "ra-cam@50: 25.20 is published (other network or split); the default is -5.20 from it" in others[0]
    moved = "counted over -18.00 (all images), fusing -15.00 (product), layers -2.00 (last)."
    assert others[1] == f"ra-cam@50 is moved most by: {moved}"


def test_a_method_without_other_readings_is_not_said_to_move():
    assert not any(note.startswith("lt-grad-cam") for note in readings_table.notes(ROWS))


def test_the_terminal_table_fits_100_columns():
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(readings_table.table(ROWS))
    lines = console.export_text().splitlines()
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


def test_the_picture_has_a_panel_a_method_and_its_readings_in_order(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(plt, "close", kept.append)
    path = readings_table.draw(ROWS, tmp_path)
    (figure,) = kept
    monkeypatch.undo()
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["ra-cam@50", "lt-grad-cam@50"]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["default", "fusing: gmean", "fusing: product", "layers: last", "counted over: all images"]
    plt.close(figure)
    pixels = np.asarray(Image.open(path).convert("L"))
    assert pixels.std() > 10
