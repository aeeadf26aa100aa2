"""The sample table: what it refuses, and what its fingerprint depends on."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from datasets import DatasetError, classes_of, fingerprint
from datasets.fake_files import save
from datasets.table import COLUMNS, GOOD, sample_table
from results.store import cells


def row(name="a/0", **changes):
    known = {"id": name, "group": name.split("/")[0], "split": "", "label": "good", "image_path": "", "mask_path": ""}
    return known | changes


@pytest.fixture
def rows(tmp_path):
    """Three images on disk, one of them with a mask."""
    found = []
    for number, name in enumerate(["a/0", "a/1", "b/0"]):
        image = save(tmp_path / "set" / f"{name}.png", np.uint8([[number, 7]]))
        found.append(row(name, image_path=str(image)))
    mask = save(tmp_path / "set" / "a" / "1_mask.png", np.uint8([[0, 255]]))
    found[1] |= {"label": "defect", "mask_path": str(mask)}
    return found


def print_of(rows):
    return fingerprint(sample_table(rows, "here"))


def test_the_table_is_sorted_by_id_and_has_the_fixed_columns():
    table = sample_table([row("b/1"), row("a/2"), row("b/0")], "here")
    assert tuple(table.columns) == COLUMNS
    assert table["id"].tolist() == ["a/2", "b/0", "b/1"]
    assert table.index.tolist() == [0, 1, 2]


def test_no_images_is_an_error_that_names_the_folder():
    with pytest.raises(DatasetError, match="no images found in /some/where"):
        sample_table([], "/some/where")


def test_ids_that_repeat_are_named():
    with pytest.raises(DatasetError, match=r"these repeat: a/0, c/1$"):
        sample_table([row("a/0"), row("c/1"), row("b/0"), row("c/1"), row("a/0")], "here")


def test_an_official_split_may_not_divide_an_item():
    with pytest.raises(DatasetError, match="divides 1 items, for example a"):
        sample_table([row("a/0", split="train"), row("a/1", split="test"), row("b/0", split="test")], "here")


def test_results_know_images_without_a_defect_by_the_label_that_tables_have():
    assert cells.GOOD == GOOD


def test_good_is_the_first_class_and_the_others_follow_by_name():
    labels = ["scratch", "good", "dent", "scratch"]
    table = sample_table([row(f"a/{number}", label=label) for number, label in enumerate(labels)], "here")
    assert classes_of(table) == ("good", "dent", "scratch")


def test_the_fingerprint_is_16_hex_digits(rows):
    assert len(print_of(rows)) == 16
    assert int(print_of(rows), 16) >= 0


def test_the_fingerprint_does_not_depend_on_the_order_of_the_rows(rows):
    before = print_of(rows)
    random.Random(1).shuffle(rows)
    assert rows[0]["id"] != "a/0"
    assert print_of(rows) == before


def test_the_fingerprint_does_not_depend_on_where_the_folder_is(rows, tmp_path):
    shutil.copytree(tmp_path / "set", tmp_path / "moved")
    moved = [one | {key: one[key].replace("/set/", "/moved/") for key in ("image_path", "mask_path")} for one in rows]
    assert moved[1]["mask_path"] != rows[1]["mask_path"]
    assert print_of(moved) == print_of(rows)


@pytest.mark.parametrize("column", ["id", "group", "label"])
def test_the_fingerprint_changes_with_what_a_row_says(rows, column):
    changed = [*rows[:2], rows[2] | {column: "other"}]
    assert print_of(changed) != print_of(rows)


@pytest.mark.parametrize("column", ["image_path", "mask_path"])
def test_the_fingerprint_changes_with_one_byte_of_a_file(rows, column):
    before = print_of(rows)
    with Path(rows[1][column]).open("ab") as file:
        file.write(b"\0")
    assert print_of(rows) != before


def test_the_fingerprint_changes_when_two_images_change_places(rows):
    before = print_of(rows)
    rows[0]["image_path"], rows[2]["image_path"] = rows[2]["image_path"], rows[0]["image_path"]
    assert print_of(rows) != before


def test_the_fingerprint_does_not_depend_on_the_split(rows):
    assert print_of([one | {"split": "test"} for one in rows]) == print_of(rows)
