"""What stands behind a row: images, items, sizes and kinds."""

import numpy as np
import pandas as pd
import pytest

from results.metrics.formulas import METRICS
from results.metrics.scoring import score_rows
from results.metrics.thresholds import parse_policy
from results.statistics.breakdown import image_table, item_interval, pooled_iou, size_classes
from tests.helpers.small_runs import cell, cells

HALF = parse_policy("fixed:0.5")


def hit(image, tp, missed=4, **fields):
    return cell(image, defect={255: tp, 0: missed}, other={255: 2, 0: 94 - tp - missed}, **fields)


def test_an_image_has_a_row_a_method_and_a_seed_with_its_pixels(tmp_path):
    found = cells(tmp_path, [hit("a/0", 6), hit("a/0", 1, seed=1), hit("b/0", 3, spec="layer-cam"), cell("c/0")])
    table = image_table(found, HALF)
    assert table[["spec", "seed", "image", "tp", "fp", "fn", "tn"]].to_numpy().tolist() == [
        ["grad-cam", 0, "a/0", 6, 2, 4, 84],
        ["grad-cam", 0, "c/0", 0, 0, 0, 10],
        ["grad-cam", 1, "a/0", 1, 2, 4, 89],
        ["layer-cam", 0, "b/0", 3, 2, 4, 87],
    ]
    assert table["defect"].tolist() == pytest.approx([10 / 96, 0, 5 / 96, 7 / 96])
    assert set(table["threshold"]) == {127}


def test_what_failed_marks_nothing_and_what_was_not_read_has_no_row(tmp_path):
    failed = hit("a/0", 6, status="failed", reason="out of memory")
    unread = cell("b/0", defect={}, other={0: 0}, status="failed", label="defect")
    table = image_table(cells(tmp_path, [failed, unread]), HALF)
    assert table[["image", "tp", "fp", "fn", "reason"]].to_numpy().tolist() == [["a/0", 0, 0, 10, "out of memory"]]


def test_each_method_is_tuned_on_its_own_validation_images(tmp_path):
    def pair(spec, level):
        return [
            cell(f"{spec}/{split}", spec, split=split, defect={level: 5}, other={level - 1: 90})
            for split in ("val", "test")
        ]

    table = image_table(cells(tmp_path, [*pair("a", 40), *pair("b", 200)]), parse_policy("tuned"))
    assert table.set_index("spec")["threshold"].to_dict() == {"a": 39, "b": 199}


def test_the_interval_holds_the_row_and_needs_two_items(tmp_path):
    found = [hit(f"{item}/{number}", 3 + item, missed=item) for item in range(8) for number in range(2)]
    store = cells(tmp_path, found)
    table = image_table(store, HALF)
    low, high = item_interval(table)
    (row,) = score_rows(store, HALF)
    assert low < row.mean["iou"] < high
    assert np.isnan(item_interval(table[table["group"] == "0"])).all()


def test_parts_are_pooled_and_averaged_over_the_seeds(tmp_path):
    found = [
        hit("a/0", 6, label="pit"), hit("b/0", 2, label="pit"), hit("c/0", 3, label="stain"),
        hit("a/0", 1, label="pit", seed=1), hit("b/0", 1, label="pit", seed=1), hit("c/0", 0, label="stain", seed=1),
    ]  # fmt: skip
    table = image_table(cells(tmp_path, found), HALF)
    parts = pooled_iou(table, table["label"])
    assert parts.loc["grad-cam", "pit"] == pytest.approx((8 / 20 + 2 / 14) / 2)
    assert parts.loc["grad-cam", "stain"] == pytest.approx((3 / 9 + 0 / 6) / 2)


def test_one_part_of_all_is_the_row_of_the_table(tmp_path):
    store = cells(tmp_path, [hit(f"{number}/0", number) for number in range(1, 7)])
    table = image_table(store, HALF)
    (row,) = score_rows(store, HALF)
    whole = pooled_iou(table, pd.Series("all", index=table.index))
    assert whole.loc["grad-cam", "all"] == pytest.approx(row.mean["iou"])
    assert METRICS["iou"].over == "pooled"


def test_sizes_are_parted_into_equal_numbers_of_images(tmp_path):
    table = image_table(cells(tmp_path, [hit(f"{number}/0", number, missed=0) for number in range(1, 13)]), HALF)
    classes = size_classes(table)
    assert classes.value_counts(sort=False).tolist() == [3, 3, 3, 3]
    assert classes.cat.categories[0] == "1 to 3.9 %"
    assert classes.cat.codes.is_monotonic_increasing


def test_defects_of_one_size_are_one_class(tmp_path):
    table = image_table(cells(tmp_path, [hit(f"{number}/0", 4) for number in range(3)]), HALF)
    assert size_classes(table).nunique() == 1


def test_classes_of_size_that_would_be_called_the_same_are_one():
    shares = [0.1, 0.11111, 0.11112, 0.11113, 0.11114]
    classes = size_classes(pd.DataFrame({"image": range(5), "defect": shares}))
    assert classes.tolist() == ["10 to 11 %"] * 5
