"""Masks with a coding of their own become masks of 0 and 255, once, under a name for their content."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets import mask_values
from datasets.fake_files import save
from datasets.recoding import recode_masks


@pytest.fixture
def table(tmp_path):
    """Two defective images, whose masks have the background 1 and the defects 2 and 3, and a good one."""
    paths = []
    for number, kind in enumerate((2, 3)):
        values = np.ones((6, 8), dtype=np.uint8)
        values[1:3, 2:5] = kind
        paths.append(str(save(tmp_path / "masks" / f"{number}.png", values)))
    return pd.DataFrame({"mask_path": [*paths, ""]})


def areas(table):
    return [int(mask_values(path).sum()) for path in table["mask_path"] if path]


def test_what_is_above_the_value_is_defective_and_a_good_image_has_no_mask(table, tmp_path):
    recoded = recode_masks(table, 1, tmp_path / "cache")
    assert areas(recoded) == [6, 6]
    assert recoded["mask_path"].iloc[2] == ""
    assert areas(recode_masks(table, 2.5, tmp_path / "cache")) == [0, 6]
    assert table["mask_path"].str.contains("cache").sum() == 0


def test_a_mask_is_written_once_and_anew_when_it_has_changed(table, tmp_path):
    first, *_ = recode_masks(table, 1, tmp_path / "cache")["mask_path"]
    Path(first).write_bytes(b"kept")
    assert recode_masks(table, 1, tmp_path / "cache")["mask_path"].iloc[0] == first
    assert Path(first).read_bytes() == b"kept"
    save(tmp_path / "masks" / "0.png", np.full((6, 8), 2, dtype=np.uint8))
    second, *_ = recode_masks(table, 1, tmp_path / "cache")["mask_path"]
    assert second != first
    assert mask_values(second).all()


def test_a_mask_that_cannot_be_read_stays_as_it_is(table, tmp_path):
    (tmp_path / "masks" / "1.png").write_bytes(b"no image")
    assert recode_masks(table, 1, tmp_path / "cache")["mask_path"].iloc[1] == str(tmp_path / "masks" / "1.png")
