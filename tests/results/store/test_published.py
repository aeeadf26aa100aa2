"""The published numbers: complete, consistent with each other, and corrected only where a slip is known."""

import csv
from importlib.resources import files

import pandas as pd
import pytest

from results.metrics.formulas import METRICS
from results.store.published import papers, published, published_value

TOLERANCE = 0.015  # two rounded decimals, carried through the identities
CELL = ["paper", "table", "dataset", "method"]
SLIPS = {
    ("lt-grad-cam", "1", "ksdd", "Ablation-CAM", "precision"),
    ("lt-grad-cam", "3", "ksdd", "LTFullGrad", "iou"),
}


@pytest.fixture(scope="module")
def numbers():
    return pd.concat([published("ksdd"), published("ksdd2")], ignore_index=True)


def rows(numbers, column):
    return numbers.pivot(index=CELL, columns="metric", values=column)


def violations(numbers, column):
    """Rows whose four numbers break an identity: F1 = 2PR / (P + R), or IoU = F1 / (2 - F1)."""
    whole = rows(numbers, column)[["iou", "precision", "recall", "f1"]].dropna()
    assert len(whole) == 36
    f1 = 2 * whole["precision"] * whole["recall"] / (whole["precision"] + whole["recall"])
    iou = 100 * whole["f1"] / (200 - whole["f1"])
    off = ((whole["f1"] - f1).abs() > TOLERANCE, (whole["iou"] - iou).abs() > TOLERANCE)
    return [set(whole.index[broken]) for broken in off]


def test_corrected_numbers_obey_the_identities(numbers):
    assert violations(numbers, "corrected") == [set(), set()]


def test_printed_numbers_break_them_at_the_known_slips_alone(numbers):
    f1, iou = violations(numbers, "printed")
    assert f1 == {("lt-grad-cam", "1", "ksdd", "Ablation-CAM")}
    assert iou == {("lt-grad-cam", "3", "ksdd", "LTFullGrad")}


def test_only_the_known_slips_are_corrected_each_with_a_reason(numbers):
    changed = numbers[numbers["printed"] != numbers["corrected"]]
    assert set(changed[[*CELL, "metric"]].itertuples(index=False, name=None)) == SLIPS
    for row in changed.itertuples():
        assert f"printed {row.printed:.2f}" in row.note
        assert f"{row.corrected:.2f}" in row.note


def test_both_corrections_by_hand(numbers):
    found = numbers.set_index([*CELL, "metric"])[["printed", "corrected"]]
    assert found.loc[("lt-grad-cam", "1", "ksdd", "Ablation-CAM", "precision")].tolist() == [18.97, 19.97]
    assert found.loc[("lt-grad-cam", "3", "ksdd", "LTFullGrad", "iou")].tolist() == [16.84, 16.48]


def test_every_miou_implies_a_perfect_background(numbers):
    table = rows(numbers, "printed").query("table == 'III'")
    assert len(table) == 8
    background = (2 * table["miou"] - table["iou"]).round(2)
    assert background.between(100.00, 100.01).all()
    assert numbers.loc[numbers["metric"] == "miou", "note"].str.contains("says no more than the IoU").all()


def test_rows_that_both_papers_print_agree_but_for_the_known_slip(numbers):
    by_spec = numbers[numbers["spec"] != ""]
    for column, expected in (
        ("printed", {("ksdd", "ablation-cam", "precision")}),
        ("corrected", set()),
    ):
        values = by_spec.groupby(["dataset", "spec", "metric"])[column].nunique()
        assert set(values.index[values > 1]) == expected
    papers_of = by_spec.groupby(["dataset", "spec", "metric"])["paper"].nunique()
    assert (papers_of == 2).sum() == 7 * 4 * 2  # seven baselines, four metrics, two datasets


def test_the_tables_are_complete(numbers):
    sizes = numbers.groupby(["paper", "table"]).size().to_dict()
    assert sizes == {
        ("ra-cam", "I"): 32,
        ("ra-cam", "II"): 32,
        ("ra-cam", "III"): 16,
        ("ra-cam", "IV"): 8,
        ("lt-grad-cam", "1"): 32,
        ("lt-grad-cam", "2"): 32,
        ("lt-grad-cam", "3"): 16,
    }
    assert not numbers.duplicated([*CELL, "metric"]).any()


def test_every_number_is_a_percentage_of_a_metric_that_exists(numbers):
    assert numbers["printed"].between(10, 90).all()
    assert set(numbers["metric"]) <= METRICS.keys()


def test_the_gains_that_the_texts_state_are_those_of_the_tables():
    def gain(better, worse, dataset):
        return round(published_value(better, dataset, "iou") - published_value(worse, dataset, "iou"), 2)

    assert gain("ra-cam@50", "ablation-cam", "ksdd") == 7.24
    assert gain("ra-cam@50", "layer-cam", "ksdd") == 8.95
    assert gain("ra-cam@50", "full-grad", "ksdd") == 12.01
    assert gain("ra-cam@50", "layer-cam", "ksdd2") == 3.53
    assert gain("ra-cam@50", "full-grad", "ksdd2") == 7.59
    assert gain("lt-grad-cam@50", "layer-cam", "ksdd") == 7.84
    assert gain("lt-grad-cam@50", "ablation-cam", "ksdd") == 6.13
    assert gain("lt-grad-cam@0", "layer-cam", "ksdd2") == 0.66
    assert gain("lt-grad-cam@0", "grad-cam", "ksdd2") == 4.00


@pytest.mark.parametrize(
    ("spec", "dataset", "metric", "value"),
    [
        ("ra-cam@50", "ksdd", "iou", 25.20),
        ("ra-cam@50", "ksdd2", "precision", 71.18),
        ("lt-grad-cam@50", "ksdd", "f1", 38.83),
        ("lt-grad-cam@0", "ksdd2", "recall", 54.03),
        ("layer-cam+fgbp@50", "ksdd", "iou", 18.65),
        ("full-grad+fgbp@50", "ksdd2", "iou", 41.76),
        ("ablation-cam", "ksdd", "precision", 19.97),
        ("grad-cam++", "ksdd2", "iou", 35.17),
        ("xgrad-cam", "ksdd2", "f1", 56.81),
        ("score-cam", "ksdd", "recall", 64.76),
    ],
)
def test_values_are_found_by_spec(spec, dataset, metric, value):
    assert published_value(spec, dataset, metric) == value


@pytest.mark.parametrize(
    ("spec", "dataset", "metric"),
    [
        ("ra-cam@50", "synthetic", "iou"),
        ("ra-cam@50", "ksdd", "auroc"),
        ("ra-cam@40", "ksdd", "iou"),
        ("lt-full-grad@50", "ksdd", "iou"),  # its δ is not printed
        ("", "ksdd", "iou"),
    ],
)
def test_what_no_paper_prints_has_no_value(spec, dataset, metric):
    assert published_value(spec, dataset, metric) is None


def test_a_dataset_that_no_paper_uses_has_no_rows(numbers):
    assert published("synthetic").empty
    assert published("synthetic").columns.tolist() == numbers.columns.tolist()


def test_the_frame_may_be_changed_by_who_asked_for_it():
    frame = published("ksdd")
    frame["corrected"] = 0.0
    assert published_value("grad-cam", "ksdd", "iou") == 17.50


def test_every_number_carries_its_setting_and_source(numbers):
    assert set(numbers["network"]) == {"vgg16"}
    sizes = numbers.groupby(["paper", "dataset"])[["height", "width"]].first()
    assert sizes.loc[("ra-cam", "ksdd")].tolist() == [1408, 512]
    assert sizes.loc[("ra-cam", "ksdd2")].tolist() == [640, 224]
    assert sizes.loc["lt-grad-cam"].isna().all(axis=None)
    for row in numbers.itertuples():
        assert row.source.endswith(f", table {row.table}")


def test_papers_says_how_many_images_were_tested():
    images = papers().set_index(["paper", "dataset"])[["test_defective", "test_defect_free"]]
    assert images.loc[("lt-grad-cam", "ksdd")].tolist() == [10, 70]
    assert images.loc[("ra-cam", "ksdd2")].tolist() == images.loc[("lt-grad-cam", "ksdd2")].tolist() == [110, 894]
    assert images.loc[("ra-cam", "ksdd")].isna().all()


def test_every_paper_has_a_file_and_every_file_a_paper():
    folder = files("results") / "published"
    names = {entry.name.removesuffix(".csv") for entry in folder.iterdir()}
    assert names == {*papers()["paper"], "papers"}
    for paper in papers()["paper"].unique():
        lines = list(csv.DictReader((folder / f"{paper}.csv").read_text("utf-8").splitlines()))
        assert {line["paper"] for line in lines} == {paper}
        assert all(len(line["printed"].split(".")[1]) == 2 for line in lines)
