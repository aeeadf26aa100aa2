"""What a run says, in words and for programs."""

import json

import pytest

from reports.summary import summarise
from results.errors import ResultError
from results.metrics.thresholds import parse_policy
from tests.helpers.small_runs import cell, classifier, store

HALF = parse_policy("fixed:0.5")


def hit(image="a/0", spec="grad-cam", *, tp=5, **fields):
    return cell(image, spec, defect={255: tp, 0: 10 - tp}, other={255: 5, 0: 85}, **fields)


def summary(folder, found, policy=HALF, specs=None, **changes):
    store(folder, found, **changes)
    return summarise(folder, policy, specs)


def test_rows_come_in_the_order_asked_for_and_no_others(tmp_path):
    found = summary(tmp_path, [hit(spec=spec) for spec in ("cam", "grad-cam", "layer-cam")], specs=["layer-cam", "cam"])
    assert [row.spec for row in found.rows] == ["layer-cam", "cam"]
    assert found.equal == (("cam", "layer-cam"),)


def test_all_rows_come_where_none_is_asked_for(tmp_path):
    found = summary(tmp_path, [hit(spec=spec) for spec in ("layer-cam", "cam")])
    assert [row.spec for row in found.rows] == ["layer-cam", "cam"]


def test_the_protocol_says_what_the_numbers_are_taken_over(tmp_path):
    found = summary(tmp_path, [hit("a/0"), hit("b/0")], folds=5, seeds=1, target="label", weights="body.pth:0123")
    for part in (
        "synthetic at 128x128", "5 folds by item", "1 seed;", "vgg-small (fc head, relu, weights body.pth)",
        "average precision 0.875 on test images", "target label", "threshold fixed:0.5",
        "pooled over the defective images among 2 test images",
    ):  # fmt: skip
        assert part in found.protocol


def test_the_protocol_counts_an_image_once_however_many_seeds_there_are(tmp_path):
    found = summary(tmp_path, [hit("a/0", seed=seed) for seed in range(3)], seeds=3)
    assert "among 1 test images" in found.protocol


def test_one_split_and_an_unknown_precision_are_said_so(tmp_path):
    found = summary(tmp_path, [hit()], classifiers={"one": classifier(None)})
    assert "one split by item" in found.protocol
    assert "average precision unknown" in found.protocol


def test_the_json_holds_every_row_and_no_nan(tmp_path):
    failed = cell("a/0", "cam", defect={0: 10}, status="failed", reason="out of memory")
    absent = cell("a/0", "score-cam", defect={0: 10}, status="not applicable", reason="no head")
    found = [hit(seed=0), hit(seed=1), failed, absent]
    read = json.loads(json.dumps(summary(tmp_path, found).as_json(), allow_nan=False))
    first, second, third = read["rows"]
    assert read["threshold"] == "fixed:0.5"
    assert (first["method"], first["iou"], first["supervision"]) == ("grad-cam", pytest.approx(1 / 3), "none")
    assert first["spread"]["iou"] == 0
    assert first["false_positive_area"] is None
    assert first["spread"]["false_positive_area"] is None
    assert (second["iou"], second["precision"], second["failed"], second["reason"]) == (0, None, 1, "out of memory")
    assert (third["applicable"], third["iou"], third["spread"]) == (False, None, None)


def test_a_new_metric_is_in_the_json_of_every_method(tmp_path, specificity):
    (row,) = summary(tmp_path, [hit(seed=0), hit(seed=1)]).as_json()["rows"]
    assert row["specificity"] == pytest.approx(85 / 90)
    assert row["spread"]["specificity"] == 0


def test_published_numbers_stand_beside_the_methods_that_papers_name(tmp_path):
    found = summary(tmp_path, [hit(spec="grad-cam"), hit(spec="hires-cam")], dataset="ksdd")
    assert found.published["grad-cam"] == 17.5
    assert found.published_setting == "published (VGG16, other split)"
    first, second = found.as_json()["rows"]
    assert (first["published_iou"], second["published_iou"]) == (17.5, None)


def test_the_built_in_set_has_no_published_numbers(tmp_path):
    assert summary(tmp_path, [hit()]).published == {}


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ResultError, match="holds no run"):
        summarise(tmp_path, HALF)


def test_a_run_without_cells_is_refused(tmp_path):
    store(tmp_path)
    with pytest.raises(ResultError, match="holds no results yet"):
        summarise(tmp_path, HALF)
