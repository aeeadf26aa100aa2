"""Items found in ids, and several kinds of defect taken as one."""

import numpy as np
import pytest

from datasets import DatasetError, assign, classes_of, group_by, join_near_duplicates, merge_kinds
from datasets.fake_files import save
from datasets.table import sample_table

IDS = ["lot1_a_top", "lot1_b_top", "lot1_a_side", "lot2_a_top"]


def table_of(ids=IDS, labels=("good", "dent", "scratch", "good"), splits=("",) * 4):
    rows = [
        {"id": name, "group": name, "split": split, "label": label, "image_path": "x", "mask_path": ""}
        for name, label, split in zip(ids, labels, splits, strict=True)
    ]
    return sample_table(rows, "here")


def groups(table):
    return dict(zip(table["id"], table["group"], strict=True))


def test_the_whole_match_is_the_item():
    assert groups(group_by(table_of(), "^lot[0-9]+_[a-z]")) == {
        "lot1_a_side": "lot1_a",
        "lot1_a_top": "lot1_a",
        "lot1_b_top": "lot1_b",
        "lot2_a_top": "lot2_a",
    }


def test_the_first_capture_group_is_the_item():
    assert set(groups(group_by(table_of(), "_([ab])_(top|side)")).values()) == {"a", "b"}


def test_the_pattern_may_be_anywhere_in_the_id():
    assert set(groups(group_by(table_of(), "top|side")).values()) == {"top", "side"}


def test_nothing_else_changes_and_the_table_given_stays():
    table = table_of()
    grouped = group_by(table, "lot[12]")
    assert grouped.drop(columns="group").equals(table.drop(columns="group"))
    assert (table["group"] == table["id"]).all()


def test_items_are_kept_together_by_a_split():
    names = [f"part{number // 2:02}-{number}" for number in range(20)]
    table = group_by(table_of(names, ["good", "dent"] * 10, [""] * 20), "part[0-9]+")
    assert assign(table).groupby("group")["split"].nunique().max() == 1


@pytest.mark.parametrize("pattern", ["lot1", "^(lot1)?", "z*", "(x)?lot"])
def test_ids_without_an_item_are_named(pattern):
    with pytest.raises(DatasetError, match=r"finds no item in [1-4] of 4 ids, for example .*lot") as raised:
        group_by(table_of(), pattern)
    assert repr(pattern) in str(raised.value)


def test_at_most_three_ids_are_named():
    with pytest.raises(DatasetError, match=r"in 4 of 4 ids, for example lot1_a_side, lot1_a_top, lot1_b_top$"):
        group_by(table_of(), "nowhere")


def test_what_is_no_regular_expression_is_refused():
    with pytest.raises(DatasetError, match=r"'lot\(' is no regular expression: missing \)"):
        group_by(table_of(), "lot(")


def test_an_official_split_may_not_divide_an_item():
    table = table_of(splits=("train", "train", "test", "test"))
    with pytest.raises(DatasetError, match="a split divides 1 items, for example lot1"):
        group_by(table, "lot[0-9]")


def test_kinds_are_merged_and_good_stays():
    table = table_of()
    merged = merge_kinds(table)
    assert classes_of(merged) == ("good", "defect")
    assert (merged["label"] == "good").equals(table["label"] == "good")
    assert classes_of(table) == ("good", "dent", "scratch")
    assert merged.drop(columns="label").equals(table.drop(columns="label"))


def shots(folder, split=""):
    """Four items of two images; i1 and i3 have a scene in common, and so have i3 and i0."""
    random = np.random.default_rng(0)
    scenes = [random.integers(0, 255, (60, 50), dtype=np.uint8) for _ in range(6)]
    shown = {"i0": (0, 1), "i1": (2, 3), "i2": (4, 5), "i3": (3, 0)}
    rows = []
    for item, numbers in shown.items():
        for place, number in enumerate(numbers):
            path = save(folder / f"{item}-{place}.png", scenes[number])
            row = {"id": f"{item}-{place}", "group": item, "split": split, "label": "good"}
            rows.append(row | {"image_path": str(path), "mask_path": ""})
    return sample_table(rows, folder)


def test_items_that_show_the_same_are_joined_through_all_that_connects_them(tmp_path):
    assert join_near_duplicates(shots(tmp_path))["group"].unique().tolist() == ["i0+i1+i3", "i2"]


def test_an_official_split_is_not_overruled(tmp_path):
    table = shots(tmp_path, split="train")
    assert join_near_duplicates(table) is table
