"""The gradient rules on single maps, against NumPy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from methods.rules import WORTH_A_THREAD, Filter, _by_selection, _by_sorting, filtering, positive_percentiles, truncate
from tests.helpers.twins.arithmetic import truncated


def positive_percentile(gradient, delta):
    return positive_percentiles(gradient, (delta,))[0]


def truncated_at(gradient, delta):
    return truncate(gradient, positive_percentile(gradient, delta))


deltas = st.sampled_from([0, 1, 30, 50, 66.6, 90, 99, 100]) | st.floats(0, 100)
few_values = st.sampled_from([-2.0, -1e-30, 0.0, 1e-30, 0.5, 1.0, 3.0])  # so that ties occur
floats = st.floats(-1e6, 1e6, width=32)


def maps(dtype, elements):
    sizes = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 5))
    return sizes.flatmap(lambda shape: arrays.arrays(dtype, shape, elements=elements))


def vectors(dtype, elements):
    sizes = st.tuples(st.integers(1, 3), st.integers(1, 12))
    return sizes.flatmap(lambda shape: arrays.arrays(dtype, shape, elements=elements))


def expected_thresholds(values, delta):
    """One map at a time, in float64, which holds every float32."""
    flat = (
        values.reshape(*values.shape[:2], -1) if math.prod(values.shape[2:]) > 1 else values.reshape(len(values), 1, -1)
    )
    found = np.full(flat.shape[:2], np.inf)
    for index in np.ndindex(found.shape):
        positive = flat[index][flat[index] > 0].astype(np.float64)
        if len(positive):
            found[index] = np.percentile(positive, delta, method="higher")
    return found[..., None, None] if values.ndim > 2 else found


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from([np.float32, np.float64]).flatmap(
        lambda dtype: maps(dtype, few_values.map(dtype) | floats) | vectors(dtype, few_values.map(dtype) | floats)
    ),
    deltas,
)
@example(np.full((1, 2, 3, 3), -1.0), 50)
@example(np.full((2, 1, 2, 2), 4.0), 30)
@example(np.zeros((1, 1, 2, 2)), 0)
@example(np.array([[-1.0, 2.0, -3.0]]), 90)
@example(np.arange(1.0, 102)[None, None, None], 7)
@example(np.arange(1.0, 102)[None, None, None], 29)
def test_the_threshold_is_numpys_percentile_of_the_positive_values(values, delta):
    found = positive_percentile(torch.from_numpy(values), delta)
    np.testing.assert_array_equal(found, expected_thresholds(values, delta))


@settings(deadline=None, max_examples=100)
@given(maps(np.float64, few_values | floats) | vectors(np.float64, few_values | floats), deltas)
def test_truncation_keeps_what_reaches_the_threshold(values, delta):
    np.testing.assert_array_equal(truncated_at(torch.from_numpy(values), delta), truncated(values, delta))


@settings(deadline=None, max_examples=50)
@given(maps(np.float64, floats))
def test_truncation_at_0_keeps_every_positive_value(values):
    gradient = torch.from_numpy(values)
    assert torch.equal(truncated_at(gradient, 0), gradient.relu())


@settings(deadline=None, max_examples=50)
@given(maps(np.float64, few_values), st.tuples(deltas, deltas).map(sorted))
def test_a_larger_delta_keeps_no_more_and_never_nothing_of_what_is_positive(values, pair):
    gradient = torch.from_numpy(values)
    less, more = (truncated_at(gradient, delta) != 0 for delta in pair)
    assert (more <= less).all()
    over = (1, 2, 3) if gradient[0, 0].numel() == 1 else (2, 3)
    assert torch.equal(more.sum(over) > 0, (gradient > 0).sum(over) > 0)


def test_every_map_of_every_image_has_its_own_threshold():
    gradient = torch.tensor([[[1.0, 2, 3, 4]], [[10.0, 20, 30, 40]]])[:, :, None].expand(2, 2, 1, 4).clone()
    gradient[:, 1] *= 100
    found = positive_percentile(gradient, 50)
    assert found.squeeze().tolist() == [[3, 300], [30, 3000]]


def test_activations_without_positions_are_one_map_an_image():
    gradient = torch.tensor([[1.0, 2, 3, 4, -5], [40.0, 30, 20, 10, 0]])
    assert positive_percentile(gradient, 50).tolist() == [[3], [30]]
    assert truncated_at(gradient, 50).tolist() == [[0, 0, 3, 4, 0], [40, 30, 0, 0, 0]]


@pytest.mark.parametrize("shape", [(2, 3, 7), (2, 3, 4, 5, 2)])
def test_maps_of_one_and_three_dimensions_are_maps_too(shape):
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    np.testing.assert_array_equal(truncated_at(gradient, 30), truncated(gradient.numpy(), 30))


def test_a_map_may_have_more_values_than_float32_can_count():
    side = 4097
    assert side**2 > 2**24
    # Sorted from the start and two thirds negative: the sort of so many values stays short.
    gradient = torch.arange(side**2, dtype=torch.float32).sub_(2 * side**2 // 3).view(1, 1, side, side)
    positive = gradient.numpy()[gradient.numpy() > 0]
    found = positive_percentile(gradient, 90).item()
    rank = -(-(len(positive) - 1) * 9 // 10)
    assert found == positive[rank]


@pytest.mark.parametrize("delta", [0, 50, 100])
def test_what_equals_the_threshold_is_kept_or_dropped_as_the_reading_says(delta):
    gradient = torch.tensor([[[[1.0, 2, 2], [3, -1, 0]]]], dtype=torch.float64)
    leaf = torch.ones_like(gradient, requires_grad=True)
    score = (gradient * leaf.relu()).sum()
    threshold = np.percentile([1, 2, 2, 3], delta, method="higher")
    for equal, passes in (("kept", gradient >= threshold), ("dropped", gradient > threshold)):
        with filtering(score, Filter(delta, equal=equal)):
            (found,) = torch.autograd.grad(score, leaf, retain_graph=True)
        assert torch.equal(found, torch.where(passes, gradient, 0))


def test_one_percentile_may_be_taken_over_the_whole_layer():
    gradient = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = positive_percentiles(gradient, (0, 30, 90), "layer")
    for threshold, delta in zip(found, (0, 30, 90), strict=True):
        assert threshold.shape == (2, 1, 1, 1)
        np.testing.assert_array_equal(
            threshold, expected_thresholds(gradient.flatten(1).numpy(), delta)[..., None, None]
        )


def test_a_kept_position_may_carry_its_maps_mean():
    gradient = torch.tensor([[[[4.0, -2.0], [1.0, 1.0]]]])
    threshold = positive_percentiles(gradient, (50,))[0]
    assert truncate(gradient, threshold).tolist() == [[[[4, 0], [1, 1]]]]
    assert truncate(gradient, threshold, "mean").tolist() == [[[[1, 0], [1, 1]]]]


@settings(deadline=None, max_examples=60)
@given(maps(np.float32, few_values.map(np.float32) | floats), st.lists(deltas, min_size=1, max_size=4))
def test_selecting_and_sorting_find_the_same(values, several):
    rows = torch.from_numpy(values).flatten(0, 1).flatten(1)
    for one, other in zip(_by_selection(rows, several), _by_sorting(rows, several), strict=True):
        assert torch.equal(one, other)


def test_single_positions_are_one_map_an_image():
    gradient = torch.tensor([[1.0, 2, 3, 4, -5], [40.0, 30, 20, 10, 0]])[:, :, None, None]
    assert truncated_at(gradient, 50)[:, :, 0, 0].tolist() == [[0, 0, 3, 4, 0], [40, 30, 0, 0, 0]]


def test_a_map_of_kolektorsdds_full_size():
    gradient = torch.randn(1, 1, 1408, 512, generator=torch.Generator().manual_seed(0))
    positive = gradient.numpy()[gradient.numpy() > 0]
    found = [threshold.item() for threshold in positive_percentiles(gradient, (10, 50, 99))]
    assert found == [np.percentile(positive, delta, method="higher") for delta in (10, 50, 99)]


@pytest.mark.parametrize("several", [(50,), (0, 30, 60, 90)], ids=["selected", "sorted"])
def test_maps_that_are_shared_among_threads(several, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    gradient = torch.randn(2, 5, 300, 200, generator=torch.Generator().manual_seed(0))
    assert gradient.numel() > 2 * WORTH_A_THREAD
    found = positive_percentiles(gradient, several)
    for image, channel in np.ndindex(2, 5):
        values = gradient[image, channel].numpy()
        expected = [np.percentile(values[values > 0], delta, method="higher") for delta in several]
        assert [one[image, channel].item() for one in found] == expected
