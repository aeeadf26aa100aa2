"""A map that failed, is constant or not finite never improves a score."""

import math
from dataclasses import astuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from results.errors import ResultError
from results.metrics.counts import counts_at, pool_levels
from results.metrics.formulas import METRICS, scores
from results.metrics.levels import level_statistics, missing_statistics
from results.metrics.thresholds import otsu
from results.status import Status
from tests.helpers.pixel_cases import all_ok, histograms_of, images, score


def assert_no_better(with_failure, without):
    """Compare the scores of a set of images with those of the set without the failed one."""
    for name, each in METRICS.items():
        before, after = without[name], with_failure[name]
        if not math.isnan(before):
            assert not math.isnan(after), name
            worse_by = before - after if each.higher_is_better else after - before
            assert worse_by >= -1e-12, name


@settings(deadline=None, max_examples=200)
@given(images(least=2), st.data())
def test_a_failure_never_improves_a_score(drawn, data):
    levels, masks, cuts, defective = drawn
    failed = data.draw(st.integers(0, len(levels) - 1))
    ok = np.arange(len(levels)) != failed
    levels[failed] = 0
    assert_no_better(score(*drawn, ok), score(levels[ok], masks[ok], cuts[ok], defective[ok]))


def test_a_failure_among_mostly_background_improves_neither_auroc_nor_miou():
    # Ranked at level 0 and counted as right, its 999 background pixels would lift both.
    levels, masks = np.zeros((2, 1000), int), np.zeros((2, 1000), bool)
    levels[0, :10] = np.arange(10, 0, -1)
    levels[0, 10:] = np.arange(990) % 12
    masks[:, 0] = masks[0, :10] = True
    cuts = np.array([5, 0])
    alone = score(levels[:1], masks[:1], cuts[:1], all_ok(1))
    found = score(levels, masks, cuts, all_ok(2), np.array([True, False]))
    naive = score(levels, masks, cuts, all_ok(2))
    for name in ("auroc", "miou"):
        assert found[name] < alone[name] < naive[name]


def statistics(maps, masks):
    """Two good maps on defects, then `maps`; with Otsu's thresholds."""
    torch.manual_seed(5)
    good_masks = torch.zeros(2, 6, 6, dtype=torch.bool)
    good_masks[:, 2:4, 2:4] = True
    kept = level_statistics(torch.cat([torch.rand(2, 6, 6) + good_masks, maps]), torch.cat([good_masks, masks]))
    ok = np.array([status.usable for status in kept.status])
    return kept, ok, otsu(kept.defect + kept.other)


def small_mask():
    mask = torch.zeros(1, 6, 6, dtype=torch.bool)
    mask[0, 0, :3] = True
    return mask


def compare_with_and_without_the_third(kept, ok, cuts):
    defective = all_ok(3)
    after = scores(kept.defect, kept.other, ok, cuts, defective)
    before = scores(kept.defect[:2], kept.other[:2], ok[:2], cuts[:2], defective[:2])
    assert_no_better(after, before)
    return before, after


@pytest.mark.parametrize("value", [1.0, math.nan, math.inf])
def test_a_constant_or_nan_map_is_an_empty_prediction(value):
    kept, ok, cuts = statistics(torch.full((1, 6, 6), value), small_mask())
    assert ok.tolist() == [True, True, False]
    counts = counts_at(kept.defect, kept.other, cuts, ok)
    assert [part[2] for part in astuple(counts)] == [0, 0, 3, 33]
    before, after = compare_with_and_without_the_third(kept, ok, cuts)
    for name in ("iou", "recall", "f1", "image_iou", "miou", "pixel_ap", "auroc"):
        assert after[name] < before[name], name
    assert after["precision"] == before["precision"]


def test_a_nan_in_one_pixel_costs_the_whole_map():
    heatmap = small_mask().float()
    heatmap[0, 5, 5] = math.nan
    kept, ok, cuts = statistics(heatmap, small_mask())
    before, after = compare_with_and_without_the_third(kept, ok, cuts)
    assert after["recall"] == pytest.approx(before["recall"] * 8 / 11)


def test_a_failed_cell_counts_like_a_constant_map():
    kept, ok, cuts = statistics(torch.ones(1, 6, 6), small_mask())
    failed = missing_statistics(small_mask(), Status.FAILED)
    assert np.array_equal(kept.defect[2:], failed.defect)
    assert np.array_equal(kept.other[2:], failed.other)
    _, after = compare_with_and_without_the_third(kept, ok, cuts)
    assert after["iou"] > 0


def test_a_failed_cell_that_lost_its_pixels_is_refused():
    empty = np.zeros((1, 256), dtype=np.int64)
    with pytest.raises(ResultError, match="are empty"):
        scores(empty, empty, np.array([False]), np.array([0]), np.array([True]))


def test_a_map_that_is_not_ok_is_empty_whatever_its_histogram_says():
    levels, masks = np.array([[255, 0, 255, 0]]), np.array([[True, True, False, False]])
    counts = counts_at(*histograms_of(levels, masks), np.array([10]), np.array([False]))
    assert [int(part[0]) for part in astuple(counts)] == [0, 0, 2, 2]
    pooled = pool_levels(*histograms_of(levels, masks), np.array([False]))
    assert (pooled.defect.sum(), pooled.other.sum(), pooled.missed) == (0, 0, 2)


def test_all_maps_failed_scores_0_and_not_undefined():
    masks = np.array([[True, False, False, False]] * 3)
    found = score(np.zeros((3, 4), int), masks, np.zeros(3, int), all_ok(3), ~all_ok(3))
    for name in ("iou", "miou", "recall", "f1", "image_iou", "pixel_ap", "auroc"):
        assert found[name] == 0, name
    assert math.isnan(found["precision"])


def test_a_failure_on_a_defect_free_image_is_no_perfect_answer():
    levels = np.array([[255, 0, 0, 0], [0, 0, 0, 0]])
    found = score(levels, np.zeros((2, 4), bool), np.array([9, 9]), ~all_ok(2), np.array([True, False]))
    assert found["false_positive_area"] == 0.25
    nothing = score(levels, np.zeros((2, 4), bool), np.array([9, 9]), ~all_ok(2), ~all_ok(2))
    assert math.isnan(nothing["false_positive_area"])


def test_the_marks_on_a_defective_image_with_an_empty_mask_are_false():
    random = np.random.default_rng(6)
    heatmap, nothing = torch.from_numpy(random.random((1, 6, 6))), torch.zeros(1, 6, 6, dtype=torch.bool)
    kept, ok, cuts = statistics(heatmap, nothing)
    defective = all_ok(3)
    after = scores(kept.defect, kept.other, ok, cuts, defective)
    before = scores(kept.defect[:2], kept.other[:2], ok[:2], cuts[:2], defective[:2])
    for name in ("iou", "precision", "f1"):  # its marks are false ones
        assert after[name] < before[name], name
    assert after["recall"] == before["recall"]
    assert after["image_iou"] == before["image_iou"]  # it has no IoU of its own


def test_an_empty_mask_with_a_failed_map_changes_nothing():
    kept, ok, cuts = statistics(torch.ones(1, 6, 6), torch.zeros(1, 6, 6, dtype=torch.bool))
    before, after = compare_with_and_without_the_third(kept, ok, cuts)
    assert after == pytest.approx(before, nan_ok=True)
