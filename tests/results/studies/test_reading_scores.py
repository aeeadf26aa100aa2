"""Readings are scored as they were asked for, and nothing is chosen on test images."""

import math

import pytest

from results.errors import ResultError
from results.metrics.thresholds import ThresholdPolicy
from results.store.published import published_value
from results.studies.reading_scores import DEFECTIVE, OVER, Asked, choose, questions, score_readings
from tests.helpers.small_runs import cell, cells

HALF = ThresholdPolicy("fixed", 0.5)
DEFAULT = Asked("ra-cam@50", (), "ra-cam@50", "default")
GMEAN = Asked("ra-cam@50", (("fusing", "gmean"),), "other", "default")


def hit(image, split, spec="ra-cam@50", *, tp, fp=0, fn=0, **fields):
    """A defective image; `tp` and `fp` pixels are above the threshold, `fn` defect pixels below."""
    return cell(image, spec, split=split, defect={255: tp, 0: fn}, other={255: fp, 0: 100 - fp}, **fields)


def good(image, split, spec="ra-cam@50", *, fp=0, predicted="good"):
    return cell(image, spec, split=split, other={255: fp, 0: 100 - fp}, predicted=predicted)


def run(folder, *more):
    return {"default": cells(folder, [
        hit("a/0", "train", tp=2, fn=2), hit("b/0", "val", tp=3, fn=1), hit("c/0", "val", tp=1, fp=1, fn=2),
        hit("d/0", "test", tp=1, fn=3),
        hit("a/0", "train", "other", tp=3, fn=1), hit("b/0", "val", "other", tp=4), hit("c/0", "val", "other", tp=3),
        hit("d/0", "test", "other", tp=4), *more,
    ])}  # fmt: skip


def test_every_split_is_scored_and_test_only_where_it_may_be(tmp_path):
    default, gmean = score_readings([DEFAULT, GMEAN], run(tmp_path), HALF, "ksdd")
    assert [default.train, default.val, default.test] == [0.5, 4 / 8, 0.25]
    assert [gmean.train, gmean.val, gmean.test] == [0.75, 1, 1]
    assert [default.chosen, gmean.chosen] == [False, True]
    assert default.published == pytest.approx(published_value("ra-cam@50", "ksdd", "iou") / 100)
    assert default.low <= default.val <= default.high


def test_a_reading_that_validation_did_not_choose_is_not_shown_on_test(tmp_path):
    worse = Asked("ra-cam@50", (("fusing", "max"),), "worse", "default")
    runs = run(tmp_path, hit("b/0", "val", "worse", tp=1, fn=3), hit("d/0", "test", "worse", tp=4))
    *_, row = score_readings([DEFAULT, GMEAN, worse], runs, HALF, "ksdd")
    assert math.isnan(row.test)
    assert not row.chosen
    assert choose([DEFAULT, GMEAN, worse], runs, HALF) == [GMEAN]


def test_of_equally_good_readings_the_first_is_chosen(tmp_path):
    same = Asked("ra-cam@50", (("fusing", "max"),), "ra-cam@50", "default")
    assert choose([DEFAULT, same], run(tmp_path), HALF) == [DEFAULT]


def test_each_method_chooses_for_itself(tmp_path):
    second = Asked("other", (), "other", "default")
    rows = score_readings([DEFAULT, second], run(tmp_path), HALF, "synthetic")
    assert [row.chosen for row in rows] == [True, True]
    assert math.isnan(rows[0].published)


def test_what_counts_may_be_taken_over(tmp_path):
    runs = run(tmp_path, good("e/0", "val", fp=4, predicted="defect"), good("f/0", "val", fp=8))
    runs["default"].frame.loc[lambda frame: frame["image"] == "c/0", "predicted"] = "good"
    asked = [Asked("ra-cam@50", (("over", over),), "ra-cam@50", "default", over) for over in OVER]
    found = {one.asked.over: one.val for one in score_readings([DEFAULT, *asked], runs, HALF, "ksdd")[1:]}
    assert found == {
        DEFECTIVE: 4 / 8,
        "all images": 4 / (8 + 12),
        "images called defective": 3 / (4 + 4),
        "each defective image": pytest.approx((3 / 4 + 1 / 4) / 2),
    }


def test_counting_other_pixels_is_never_chosen(tmp_path):
    flattering = Asked(
        "ra-cam@50", (("over", "images called defective"),), "ra-cam@50", "default", "images called defective"
    )
    runs = run(tmp_path)
    runs["default"].frame.loc[lambda frame: frame["image"] == "c/0", "predicted"] = "good"
    default, other = score_readings([DEFAULT, flattering], runs, HALF, "ksdd")
    assert other.val > default.val
    assert [default.chosen, other.chosen] == [True, False]
    assert math.isnan(other.low)
    assert math.isnan(other.train)


def test_a_failed_map_is_an_empty_prediction(tmp_path):
    runs = run(tmp_path, hit("g/0", "val", tp=0, fn=4, status="failed", reason="mine"))
    assert score_readings([DEFAULT], runs, HALF, "ksdd")[0].val == 4 / 12


def test_seeds_are_averaged(tmp_path):
    runs = run(tmp_path, hit("b/0", "val", tp=4, seed=1), hit("c/0", "val", tp=0, fn=3, seed=1))
    assert score_readings([DEFAULT], runs, HALF, "ksdd")[0].val == pytest.approx((4 / 8 + 4 / 7) / 2)


def test_the_question_that_moves_a_method_most_comes_first(tmp_path):
    runs = run(tmp_path, hit("b/0", "val", "worse", tp=0, fn=4), hit("b/0", "val", "little", tp=5, fn=4))
    asked = [
        DEFAULT, Asked("ra-cam@50", (("fusing", "gmean"),), "little", "default"),
        Asked("ra-cam@50", (("fusing", "max"),), "worse", "default"),
        Asked("ra-cam@50", (("layers", "last"),), "little", "default"),
        Asked("ra-cam@50", (("fusing", "max"), ("layers", "last")), "other", "default"),
    ]  # fmt: skip
    first, second = questions(score_readings(asked, runs, HALF, "ksdd"))
    assert (first.question, first.answer, first.moved) == ("fusing", "max", -0.5)
    assert (second.question, second.answer) == ("layers", "last")
    assert second.moved == pytest.approx(5 / 9 - 0.5)


def test_without_validation_images_nothing_can_be_chosen(tmp_path):
    runs = {"default": cells(tmp_path, [hit("d/0", "test", tp=1)])}
    with pytest.raises(ResultError, match="ra-cam@50 was not run on validation images"):
        choose([DEFAULT], runs, HALF)
