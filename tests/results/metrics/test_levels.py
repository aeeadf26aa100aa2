"""Levels and their histograms, against a loop over pixels."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from results.errors import ResultError
from results.metrics.levels import level_statistics, missing_statistics, to_levels
from results.status import Status

SHAPE = (3, 4, 5)
maps = arrays.arrays(np.float32, SHAPE, elements=st.floats(-100, 100, width=32, allow_subnormal=False))
masks = arrays.arrays(np.bool_, SHAPE)


def slow_levels(heatmap):
    """The definition, pixel by pixel; float32 steps, because the level edges are those of float32."""
    low, high = heatmap.min(), heatmap.max()
    levels = np.zeros(heatmap.shape, dtype=int)
    if not np.isfinite(high - low) or high == low:
        return levels
    for place in np.ndindex(heatmap.shape):
        ratio = np.float32(heatmap[place] - low) / np.float32(high - low)
        levels[place] = math.floor(np.float32(255) * ratio)
    return levels


@settings(deadline=None, max_examples=60)
@given(maps, masks)
def test_levels_and_histograms_are_those_of_a_loop_over_pixels(heatmaps, mask):
    levels = to_levels(torch.from_numpy(heatmaps)).numpy()
    kept = level_statistics(torch.from_numpy(heatmaps), torch.from_numpy(mask))
    for image in range(SHAPE[0]):
        expected = slow_levels(heatmaps[image])
        assert np.array_equal(levels[image], expected)
        for histogram, inside in ((kept.defect, True), (kept.other, False)):
            counted = [int(((expected == level) & (mask[image] == inside)).sum()) for level in range(256)]
            assert histogram[image].tolist() == counted


@settings(deadline=None, max_examples=60)
@given(maps)
def test_levels_are_within_one_of_float64(heatmaps):
    levels = to_levels(torch.from_numpy(heatmaps)).numpy()
    exact = heatmaps.astype(np.float64)
    low, high = exact.min((1, 2), keepdims=True), exact.max((1, 2), keepdims=True)
    with np.errstate(invalid="ignore"):
        expected = np.nan_to_num(np.floor(255 * (exact - low) / (high - low)))
    assert np.abs(levels - expected).max() <= 1


@pytest.mark.parametrize("high", [0.1, 0.3, 1e-30, 7.0, 3e38])
def test_the_maximum_is_level_255_and_the_minimum_level_0(high):
    ramp = torch.linspace(0, 1, 101).reshape(1, 1, -1) * high
    levels = to_levels(ramp)
    assert levels.dtype == torch.uint8
    assert levels[0, 0, 0] == 0
    assert levels[0, 0, -1] == 255


def test_half_of_the_range_is_floored():
    assert to_levels(torch.tensor([[[0.0, 0.5, 1.0]]])).flatten().tolist() == [0, 127, 255]


def test_levels_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    heatmaps, mask = (
        torch.rand(4, 6, 7) * torch.tensor([1e-6, 1, 50, 1e9])[:, None, None],
        torch.rand(4, 6, 7) > 0.5,
    )
    together = level_statistics(heatmaps, mask)
    for image in range(4):
        alone = level_statistics(heatmaps[image : image + 1], mask[image : image + 1])
        assert np.array_equal(alone.defect[0], together.defect[image])
        assert np.array_equal(alone.other[0], together.other[image])


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (0.0, Status.EMPTY),
        (-0.0, Status.EMPTY),
        (3.5, Status.CONSTANT),
        (math.nan, Status.NOT_FINITE),
        (math.inf, Status.NOT_FINITE),
        (-math.inf, Status.NOT_FINITE),
    ],
)
def test_a_map_without_a_range_is_all_at_level_0(value, status):
    heatmaps = torch.rand(2, 3, 3)
    heatmaps[0] = value
    mask = torch.zeros(2, 3, 3, dtype=torch.bool)
    mask[:, 0] = True
    kept = level_statistics(heatmaps, mask)
    assert kept.status == [status, Status.OK]
    assert kept.defect[0, 0] == 3
    assert kept.other[0, 0] == 6
    assert to_levels(heatmaps)[0].max() == 0
    assert to_levels(heatmaps)[1].max() == 255


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_one_pixel_that_is_not_finite_spoils_the_map(value):
    heatmaps = torch.rand(1, 3, 3)
    heatmaps[0, 1, 1] = value
    kept = level_statistics(heatmaps, torch.ones(1, 3, 3, dtype=torch.bool))
    assert kept.status == [Status.NOT_FINITE]
    assert kept.defect[0, 0] == 9


def test_a_range_wider_than_float32_is_not_finite():
    heatmaps = torch.tensor([[[-3e38, 0.0, 3e38]]])
    kept = level_statistics(heatmaps, torch.zeros(1, 1, 3, dtype=torch.bool))
    assert kept.status == [Status.NOT_FINITE]
    assert kept.other[0, 0] == 3


def test_minimum_and_maximum_are_kept_as_they_are():
    kept = level_statistics(
        torch.tensor([[[2.0, 5.0]], [[4.0, 4.0]], [[1.0, math.nan]]]), torch.ones(3, 1, 2, dtype=torch.bool)
    )
    assert kept.minimum.dtype == kept.maximum.dtype == np.float32
    assert kept.minimum[:2].tolist() == [2, 4]
    assert kept.maximum[:2].tolist() == [5, 4]
    assert np.isnan(kept.minimum[2])
    assert np.isnan(kept.maximum[2])


def test_histograms_are_int64_and_count_every_pixel():
    kept = level_statistics(torch.rand(5, 8, 9), torch.rand(5, 8, 9) > 0.3)
    assert kept.defect.shape == kept.other.shape == (5, 256)
    assert kept.defect.dtype == kept.other.dtype == np.int64
    assert (kept.defect + kept.other).sum(1).tolist() == [72] * 5


def test_an_empty_batch_has_empty_statistics():
    kept = level_statistics(torch.rand(0, 4, 4), torch.zeros(0, 4, 4, dtype=torch.bool))
    assert kept.status == []
    assert kept.defect.shape == (0, 256)


def test_half_precision_is_read_as_float32():
    heatmaps = torch.rand(1, 6, 6).half()
    assert torch.equal(to_levels(heatmaps), to_levels(heatmaps.float()))


def test_a_heatmap_with_a_graph_is_read_without_it():
    heatmaps = torch.rand(1, 3, 3, requires_grad=True)
    assert level_statistics(heatmaps, torch.ones(1, 3, 3, dtype=torch.bool)).defect.sum() == 9
    assert not to_levels(heatmaps).requires_grad


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_gives_the_same_histograms():
    torch.manual_seed(0)
    heatmaps, mask = torch.rand(4, 60, 70), torch.rand(4, 60, 70) > 0.8
    heatmaps[3, 0, 0] = math.nan
    on_cpu, on_gpu = level_statistics(heatmaps, mask), level_statistics(heatmaps.cuda(), mask.cuda())
    assert to_levels(heatmaps.cuda()).is_cuda
    assert on_gpu.status == on_cpu.status
    assert np.array_equal(on_gpu.defect, on_cpu.defect)
    assert np.array_equal(on_gpu.other, on_cpu.other)


def test_a_missing_map_has_the_histograms_of_a_constant_one():
    mask = torch.rand(3, 5, 5) > 0.6
    missing = missing_statistics(mask, Status.FAILED)
    constant = level_statistics(torch.ones(3, 5, 5), mask)
    assert missing.status == [Status.FAILED] * 3
    assert np.array_equal(missing.defect, constant.defect)
    assert np.array_equal(missing.other, constant.other)
    assert np.isnan(missing.minimum).all()
    assert np.isnan(missing.maximum).all()


@pytest.mark.parametrize("status", [status for status in Status if status.has_map])
def test_a_missing_map_cannot_have_the_status_of_a_map(status):
    with pytest.raises(ResultError, match=f"'{status}' is the status of a heatmap"):
        missing_statistics(torch.ones(1, 2, 2, dtype=torch.bool), status)


TRUE = torch.ones(2, 3, 3, dtype=torch.bool)


@pytest.mark.parametrize(
    ("heatmaps", "mask", "message"),
    [
        (torch.rand(2, 1, 3, 3), TRUE, r"heatmaps must be \(B, H, W\)"),
        (torch.ones(2, 3, 3, dtype=torch.int64), TRUE, "floating type"),
        (torch.rand(2, 0, 3), TRUE, "no pixels"),
        (torch.rand(2, 3, 3), TRUE.float(), r"masks must be \(B, H, W\) bool"),
        (torch.rand(2, 3, 3), TRUE[0], r"masks must be \(B, H, W\) bool"),
        (torch.rand(2, 3, 4), TRUE, "resize one to the other"),
    ],
)
def test_wrong_shapes_and_types_are_refused(heatmaps, mask, message):
    with pytest.raises(ResultError, match=message):
        level_statistics(heatmaps, mask)


def test_a_missing_map_needs_a_proper_mask():
    with pytest.raises(ResultError, match="masks must be"):
        missing_statistics(torch.ones(2, 2, 2), Status.FAILED)
    with pytest.raises(ResultError, match="no pixels"):
        missing_statistics(torch.ones(2, 2, 0, dtype=torch.bool), Status.FAILED)
