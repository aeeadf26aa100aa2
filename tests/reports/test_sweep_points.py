"""The points of a sweep as a file."""

import pandas as pd
import pytest

from reports.sweep_points import points_table, read_points
from tests.helpers.sweeps import sweep


def test_every_point_is_a_row_of_the_csv(tmp_path):
    points_table(sweep()).to_csv(tmp_path / "sweep.csv", index=False)
    rows = pd.read_csv(tmp_path / "sweep.csv")
    assert list(rows.columns) == ["family", "split", "delta", "iou", "low", "high", "images", "items", "failed"]
    assert rows["split"].tolist() == ["train"] * 3 + ["test"] * 3
    last = rows.iloc[-1]
    assert (last["family"], last["delta"], last["images"], last["items"]) == ("ra-cam", 90, 8, 4)
    assert last[["iou", "low", "high"]].tolist() == pytest.approx([0.1, 0.05, 0.15])


def test_the_file_is_read_back_as_the_curves_that_were_written(tmp_path):
    points_table(sweep()).to_csv(tmp_path / "sweep.csv", index=False)
    assert tuple(read_points(tmp_path / "sweep.csv")) == sweep().curves
