"""Metrics, against loops over pixels and scikit-learn; and what is undefined."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, jaccard_score, roc_auc_score

from results.errors import ResultError
from results.metrics.counts import Counts, PooledLevels
from results.metrics.formulas import METRICS, metric, scores
from results.metrics.thresholds import otsu, parse_policy, thresholds
from tests.helpers.pixel_cases import PIXELS, all_ok, histograms_of, images, score

NAMES = {
    "iou", "miou", "precision", "recall", "f1", "image_iou", "false_positive_area", "pixel_ap", "auroc",
}  # fmt: skip


def divide(numerator, denominator):
    return numerator / denominator if denominator else math.nan


def slow_counts(levels, mask, cut):
    tp = fp = fn = tn = 0
    for level, defect in zip(levels.tolist(), mask.tolist(), strict=True):
        marked = level > cut
        tp += marked and defect
        fp += marked and not defect
        fn += not marked and defect
        tn += not marked and not defect
    return np.array([tp, fp, fn, tn])


def slow_average_precision(levels, mask):
    total = 0.0
    before = 0
    for threshold in range(255, -1, -1):
        found = sum(1 for level, defect in zip(levels, mask, strict=True) if defect and level >= threshold)
        marked = sum(1 for level in levels if level >= threshold)
        total += divide(found - before, sum(mask)) * (found / marked if marked else 0)
        before = found
    return total


def slow_auroc(levels, mask):
    won = pairs = 0
    for a, defect in zip(levels, mask, strict=True):
        for b, also in zip(levels, mask, strict=True):
            if defect and not also:
                pairs += 1
                won += 1.0 if a > b else 0.5 if a == b else 0.0
    return divide(won, pairs)


def slow_scores(levels, masks, cuts, defective):
    """Every metric from its definition, in plain Python."""
    each = [slow_counts(*image) for image in zip(levels, masks, cuts, strict=True)]
    tp, fp, fn, tn = sum((c for c, d in zip(each, defective, strict=True) if d), np.zeros(4))
    own = [divide(c[0], c[0] + c[1] + c[2]) for c, d in zip(each, defective, strict=True) if d and c[0] + c[2]]
    area = [c[1] / PIXELS for c, d in zip(each, defective, strict=True) if not d]
    exists = tp + fn > 0
    found = divide(tp, tp + fp + fn) if exists else math.nan
    flat, mask = levels[defective].ravel().tolist(), masks[defective].ravel().tolist()
    return {
        "iou": found,
        "miou": (found + divide(tn, tn + fp + fn)) / 2,
        "precision": divide(tp, tp + fp),
        "recall": divide(tp, tp + fn),
        "f1": divide(2 * tp, 2 * tp + fp + fn) if exists else math.nan,
        "image_iou": divide(sum(own), len(own)),
        "false_positive_area": divide(sum(area), len(area)),
        "pixel_ap": slow_average_precision(flat, mask) if exists else math.nan,
        "auroc": slow_auroc(flat, mask),
    }


@settings(deadline=None, max_examples=120)
@given(images())
def test_every_metric_is_its_definition(drawn):
    fast, slow = score(*drawn), slow_scores(*drawn)
    assert fast.keys() == slow.keys() == METRICS.keys()
    for name, value in slow.items():
        assert fast[name] == pytest.approx(value, abs=1e-12, nan_ok=True), name


@settings(deadline=None, max_examples=60)
@given(images())
def test_ranking_metrics_are_those_of_scikit_learn(drawn):
    levels, masks, _, defective = drawn
    flat, mask = levels[defective].ravel(), masks[defective].ravel()
    assume(0 < mask.sum() < mask.size)
    found = score(*drawn)
    assert found["pixel_ap"] == pytest.approx(average_precision_score(mask, flat), abs=1e-12)
    assert found["auroc"] == pytest.approx(roc_auc_score(mask, flat), abs=1e-12)


def test_large_random_maps_agree_with_scikit_learn():
    random = np.random.default_rng(3)
    levels, masks = random.integers(0, 256, (3, 5000)), random.random((3, 5000)) < 0.1
    levels = (levels + 60 * masks).clip(0, 255)
    cuts = otsu(sum(histograms_of(levels, masks)))
    found = score(levels, masks, cuts, all_ok(3))
    assert found["pixel_ap"] == pytest.approx(average_precision_score(masks.ravel(), levels.ravel()))
    assert found["auroc"] == pytest.approx(roc_auc_score(masks.ravel(), levels.ravel()))
    assert found["iou"] == pytest.approx(jaccard_score(masks.ravel(), (levels > cuts[:, None]).ravel()))


@settings(deadline=None, max_examples=60)
@given(images())
def test_defined_values_lie_between_0_and_1(drawn):
    for name, value in score(*drawn).items():
        assert math.isnan(value) or 0 <= value <= 1, name


@settings(deadline=None, max_examples=60)
@given(images())
def test_the_papers_identities_hold(drawn):
    found = score(*drawn)
    assume(found["precision"] > 0 and found["recall"] > 0)
    p, r = found["precision"], found["recall"]
    assert found["f1"] == pytest.approx(2 * p * r / (p + r))
    assert found["iou"] == pytest.approx(found["f1"] / (2 - found["f1"]))


@settings(deadline=None, max_examples=60)
@given(images(), st.sampled_from(["otsu", "fixed:0.5", "percentile:80"]))
def test_the_oracle_beats_every_common_threshold(drawn, text):
    levels, masks, _, defective = drawn
    defective &= masks.any(1)
    assume(defective.any())
    batch = histograms_of(levels, masks)
    best = scores(*batch, all_ok(len(levels)), thresholds(parse_policy("oracle"), *batch), defective)["iou"]
    for cut in thresholds(parse_policy(text), *batch):
        assert best >= score(levels, masks, np.full(len(levels), cut), defective)["iou"]


def test_a_case_by_hand():
    levels = np.array([[255, 200, 100, 0], [255, 0, 0, 0], [255, 255, 0, 0]])
    masks = np.array([[True, False, True, False], [True, False, False, False], [False] * 4])
    found = score(levels, masks, np.array([127, 127, 127]), np.array([True, True, False]))
    # Defective images: tp 2, fp 1, fn 1, tn 4. Ranked: 255 x2 hits, 200 miss, 100 hit, then 0 x4.
    assert found == pytest.approx(
        {
            "iou": 2 / 4,
            "miou": (2 / 4 + 4 / 6) / 2,
            "precision": 2 / 3,
            "recall": 2 / 3,
            "f1": 4 / 6,
            "image_iou": (1 / 3 + 1) / 2,
            "false_positive_area": 1 / 2,
            "pixel_ap": 2 / 3 * 1 + 1 / 3 * 3 / 4,
            "auroc": (5 + 5 + 4) / 15,
        }
    )


def test_the_registry_names_every_metric():
    assert METRICS.keys() == NAMES
    assert all(each.label and name == each.name for name, each in METRICS.items())
    assert [name for name, each in METRICS.items() if not each.higher_is_better] == ["false_positive_area"]


def test_no_metric_takes_the_name_of_another():
    before = METRICS["iou"]
    with pytest.raises(ResultError, match="there is a metric called 'iou' already; give yours another name"):
        metric("iou", label="IoU", higher_is_better=True)
    assert METRICS["iou"] is before


def test_pooled_formulas_work_on_many_resamples_at_once():
    random = np.random.default_rng(4)
    parts = random.integers(0, 50, (4, 30))
    parts[:, 0] = 0
    for name, each in METRICS.items():
        if each.over == "pooled":
            together = each.formula(Counts(*parts))
            alone = [float(each.formula(Counts(*parts[:, [i]]).pooled())) for i in range(30)]
            assert np.array_equal(together, alone, equal_nan=True), name


def test_pixel_counts_beyond_int32_and_int64_products():
    huge = np.zeros(256, dtype=np.int64)
    huge[0], huge[255] = 3 * 10**9, 3 * 10**9
    levels = PooledLevels(huge * 2, huge * 2, 0)
    assert METRICS["auroc"].formula(levels) == pytest.approx(0.5)
    assert METRICS["pixel_ap"].formula(levels) == pytest.approx(0.5)


# Undefined values


def test_no_prediction_has_no_precision_and_an_iou_of_0():
    found = score(np.array([[9, 5, 0, 0]]), np.array([[True, True, False, False]]), np.array([255]), all_ok(1))
    assert math.isnan(found["precision"])
    assert [found[name] for name in ("iou", "recall", "f1", "image_iou")] == [0] * 4
    assert found["miou"] == (0 + 2 / 4) / 2


@pytest.mark.parametrize("cut", [255, 3])
def test_without_defect_pixels_nothing_is_there_to_find(cut):
    found = score(np.array([[9, 5, 0, 0]]), np.zeros((1, 4), dtype=bool), np.array([cut]), all_ok(1))
    for name in ("iou", "miou", "recall", "f1", "image_iou", "pixel_ap", "auroc"):
        assert math.isnan(found[name]), name
    assert found["precision"] == pytest.approx(math.nan if cut == 255 else 0, nan_ok=True)


def test_without_defective_images_only_the_false_positive_area_is_defined():
    found = score(np.array([[9, 5, 0, 0]]), np.zeros((1, 4), dtype=bool), np.array([3]), ~all_ok(1))
    assert found.pop("false_positive_area") == 0.5
    assert all(math.isnan(value) for value in found.values())


def test_without_defect_free_images_there_is_no_false_positive_area():
    found = score(np.array([[9, 0]]), np.array([[True, False]]), np.array([3]), all_ok(1))
    assert math.isnan(found.pop("false_positive_area"))
    assert set(found.values()) == {1.0}


def test_without_background_there_is_no_miou_and_no_auroc():
    found = score(np.array([[9, 9]]), np.array([[True, True]]), np.array([3]), all_ok(1))
    assert math.isnan(found["miou"])
    assert math.isnan(found["auroc"])
    assert found["iou"] == found["pixel_ap"] == 1


def test_without_images_every_metric_is_undefined():
    found = score(np.zeros((0, 4), int), np.zeros((0, 4), bool), np.zeros(0, int), np.zeros(0, bool))
    assert found.keys() == NAMES
    assert all(math.isnan(value) for value in found.values())


# Refusals


def test_defective_must_be_a_mask():
    ones = np.ones((2, 256), dtype=np.int64)
    with pytest.raises(ResultError, match="'defective' must be"):
        scores(ones, ones, all_ok(2), np.array([1, 2]), np.array([1, 0]))


def test_a_perfect_ranking_is_1_to_the_last_bit():
    levels = PooledLevels(np.r_[40, 0, np.ones(254, dtype=np.int64)], np.zeros(256, dtype=np.int64), 0)
    assert METRICS["pixel_ap"].formula(levels) == 1


def test_what_a_metric_means_is_the_first_paragraph_of_its_docstring():
    assert METRICS["iou"].meaning == "Intersection over union of the defect class (RA-CAM paper, eq. 8)."
    assert all(each.meaning.endswith((".", "2fp + fn)")) and "\n" not in each.meaning for each in METRICS.values())
