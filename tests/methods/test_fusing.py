"""Joining layers, against loops."""

import math

import numpy as np
import pytest
import torch

from methods.fusing import FUSE, upsample
from methods.fusing import fuse as fuse_named
from tests.helpers.twins.arithmetic import upsampled

SIZE = (6, 9)


def fuse(layers, how, size, **answers):
    return fuse_named({f"layer {number}": layer for number, layer in enumerate(layers)}, how, size, **answers)


def over_maximum(part):
    return part / part.max() if part.max() > 0 else part


def minmax(part):
    return over_maximum(part - part.min())


TWINS = {
    "sum": lambda parts: [sum(pixel) for pixel in parts],
    "minmax": lambda parts: [sum(pixel) for pixel in parts],
    "max": lambda parts: [max(pixel) for pixel in parts],
    "tanh": lambda parts: [max(math.tanh(2 * value) for value in pixel) for pixel in parts],
    "product": lambda parts: [math.prod(pixel) for pixel in parts],
    "gmean": lambda parts: [math.prod(pixel) ** (1 / len(pixel)) for pixel in parts],
}
PREPARED = {"minmax": minmax, "tanh": over_maximum, "product": over_maximum}


def maps(seed=0, count=2):
    """Three layers of their own sizes, with zeros as a ReLU leaves them."""
    random = torch.Generator().manual_seed(seed)
    shapes = [(count, *SIZE), (count, 3, 4), (count, 1, 2)]
    return [(torch.randn(shape, generator=random, dtype=torch.float64) + 0.3).relu() for shape in shapes]


def by_hand(layers, how):
    out = []
    for image in range(len(layers[0])):
        parts = [upsampled(layer[image].numpy(), SIZE) for layer in layers]
        parts = [PREPARED.get(how, lambda part: part)(part) for part in parts]
        out.append(np.reshape(TWINS[how]([list(p) for p in zip(*map(np.ravel, parts), strict=True)]), SIZE))
    return np.stack(out)


def test_every_way_has_a_twin():
    assert set(FUSE) == set(TWINS)


@pytest.mark.parametrize("how", FUSE)
@pytest.mark.parametrize("seed", range(3))
def test_fusing_is_what_the_loops_say(how, seed):
    layers = maps(seed)
    found = fuse(layers, how, SIZE)
    expected = by_hand(layers, how)
    assert expected.any()
    np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("how", FUSE)
def test_an_image_is_fused_alone(how):
    layers = maps(count=3)
    together = fuse(layers, how, SIZE)
    for image in range(3):
        alone = fuse([layer[image : image + 1] for layer in layers], how, SIZE)
        assert torch.equal(alone.values[0], together.values[image])
        assert torch.equal(alone.shares[0], together.shares[image])


@pytest.mark.parametrize("how", FUSE)
def test_layers_without_a_response_give_no_nan(how):
    layers = [*maps()[:2], torch.zeros(2, 2, 2, dtype=torch.float64)]
    for chosen in (layers, [0 * layer for layer in layers]):
        values = fuse(chosen, how, SIZE).values
        assert values.isfinite().all()
        assert (values >= 0).all()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
@pytest.mark.parametrize("how", FUSE)
def test_maps_of_extreme_scale_stay_finite_and_keep_their_shape(how, scale):
    layers = [layer.float() for layer in maps()]
    found = fuse([scale * layer for layer in layers], how, SIZE).values
    usual = fuse(layers, how, SIZE).values
    assert found.isfinite().all()
    torch.testing.assert_close(found / found.amax((1, 2), keepdim=True), usual / usual.amax((1, 2), keepdim=True))


@pytest.mark.parametrize("how", FUSE)
@pytest.mark.parametrize("seed", range(3))
def test_shares_are_each_layers_part_of_the_highest_pixel(how, seed):
    layers = maps(seed)
    found = fuse(layers, how, SIZE)
    assert found.shares.shape == (2, 3)
    torch.testing.assert_close(found.shares.sum(1), torch.ones(2, dtype=torch.float64))
    for image, values in enumerate(found.values):
        parts = [upsampled(layer[image].numpy(), SIZE) for layer in layers]
        at_peak = np.array([PREPARED.get(how, lambda part: part)(part).ravel()[values.argmax()] for part in parts])
        if how == "tanh":
            at_peak = np.tanh(2 * at_peak)
        np.testing.assert_allclose(found.shares[image], at_peak / at_peak.sum(), rtol=1e-9)


def test_shares_by_hand():
    strong = torch.tensor([[[0.0, 9.0], [1.0, 0.0]], [[5.0, 0.0], [0.0, 0.0]]])
    weak = torch.tensor([[[2.0, 1.0], [0.0, 0.0]], [[0.0, 6.0], [0.0, 0.0]]])
    assert fuse([strong, weak], "sum", (2, 2)).shares.tolist() == [
        [pytest.approx(0.9), pytest.approx(0.1)],
        [0, 1],
    ]


def test_there_are_no_shares_of_nothing():
    empty = torch.zeros(1, 3, 4)
    assert fuse([empty, empty], "sum", SIZE).shares.isnan().all()
    assert fuse([empty + 1, empty], "sum", SIZE).shares.tolist() == [[1, 0]]


def test_upsampling_by_hand():
    # Pixel centres: with align_corners=True the second value would be 4/3.
    row = torch.tensor([[[0.0, 4.0]]])
    assert upsample(row, (1, 4)).tolist() == [[[0, 1, 3, 4]]]
    assert upsample(row, (2, 4)).tolist() == [[[0, 1, 3, 4], [0, 1, 3, 4]]]


def test_upsampling_is_the_loops():
    one = maps()[1]
    np.testing.assert_allclose(
        upsample(one, (7, 10)), [upsampled(part, (7, 10)) for part in one.numpy()], rtol=1e-9, atol=1e-12
    )


def test_a_map_of_the_inputs_size_is_not_resized():
    one = maps()[0]
    assert torch.equal(upsample(one, SIZE), one)


@pytest.mark.parametrize("how", ["sum", "max"])
def test_one_layer_alone_is_given_back_as_upsampled(how):
    one = maps()[1]
    found = fuse([one], how, SIZE)
    assert torch.equal(found.values, upsample(one, SIZE))
    assert found.shares.tolist() == [[1], [1]]


@pytest.mark.parametrize("how", ["gmean", "product"])
def test_one_layer_alone_keeps_its_shape(how):
    one = maps()[1]
    found, alone = fuse([one], how, SIZE).values, upsample(one, SIZE)
    factor = found.amax((1, 2)) / alone.amax((1, 2))
    torch.testing.assert_close(found, factor[:, None, None] * alone)


def test_a_products_vote_is_a_veto():
    strong, none = torch.ones(1, *SIZE), torch.zeros(1, *SIZE)
    for how in ("product", "gmean"):
        assert not fuse([strong, none], how, SIZE).values.any()


def test_parts_are_named_in_the_order_of_the_layers():
    one, two = torch.ones(1, 2, 2), torch.zeros(1, 2, 2)
    assert fuse_named({"b": one, "a": two}, "sum", SIZE).layers == ("b", "a")


def signed():
    """Two layers of the input's size, of both signs."""
    first = torch.tensor([[[3.0, -2.0], [1.0, -5.0]]])
    return [first, torch.tensor([[[-1.0, 4.0], [-3.0, 1.0]]])]


def test_negative_values_are_cut_at_each_layer_at_the_sum_or_not_at_all():
    assert fuse(signed(), "sum", (2, 2)).values.tolist() == [[[3, 4], [1, 1]]]
    assert fuse(signed(), "sum", (2, 2), relu="sum").values.tolist() == [[[2, 2], [0, 0]]]
    assert fuse(signed(), "sum", (2, 2), relu="none").values.tolist() == [[[6, 6], [2, 0]]]


def test_a_map_that_is_never_cut_still_begins_at_0():
    layers = [layer - 1 for layer in maps()]
    found = fuse(layers, "sum", SIZE, relu="none").values
    assert (found.amin((1, 2)) == 0).all()
    total = sum(upsample(layer, SIZE) for layer in layers)
    torch.testing.assert_close(found, total - total.amin((1, 2), keepdim=True))


def test_aligned_corners_by_hand():
    row = torch.tensor([[[0.0, 3.0]]])
    assert upsample(row, (1, 4), "aligned").tolist() == [[[0, 1, 2, 3]]]
    assert fuse([row], "sum", (1, 4), corners="aligned").values.tolist() == [[[0, 1, 2, 3]]]


def test_a_layer_may_be_normalised_at_its_own_size_first():
    # Upsampled, the first layer's peak of 2 is 1.5 only: it lies between pixels.
    first, second = torch.tensor([[[0.0, 0.0, 2.0, 0.0]]]), torch.tensor([[[1.0, 0.0]]])
    size = (1, 8)
    found = fuse([first, second], "minmax", size, prepared="layer").values
    torch.testing.assert_close(found, upsample(first / 2, size) + upsample(second, size))
    assert not torch.allclose(found, fuse([first, second], "minmax", size).values)
