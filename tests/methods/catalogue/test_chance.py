"""Floors look at no image, and noise comes from its seed."""

import numpy as np
import pytest
import torch

from methods import METHODS
from results.metrics.levels import to_levels
from results.metrics.thresholds import otsu
from tests.helpers.made_up_evidence import made_up
from tests.helpers.small_networks import SIZE


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.chance])
def test_a_floor_does_not_look_at_the_picture(name):
    view = made_up()
    before = METHODS[name].compute(view)
    view.input, view.activations = view.input.flip(0) + 1, view.activations.flip(0) + 1
    assert torch.equal(METHODS[name].compute(view), before)


def test_noise_comes_from_each_images_seed():
    view = made_up(count=4)
    noise = METHODS["random"].compute(view)
    assert torch.equal(METHODS["random"].compute(view), noise)
    view.seeds = (0, 5, 2, 7)
    same = [torch.equal(*pair) for pair in zip(METHODS["random"].compute(view), noise, strict=True)]
    assert same == [True, False, True, False]


def test_noise_does_not_depend_on_the_batch():
    view = made_up(count=4)
    noise = METHODS["random"].compute(view)
    view.activations, view.seeds = view.activations[2:3], view.seeds[2:3]
    assert torch.equal(METHODS["random"].compute(view), noise[2:3])


def test_noise_is_uniform_and_leaves_the_callers_generator_alone():
    view = made_up()
    view.activations = torch.zeros(3, 1, 60, 80)
    state = torch.get_rng_state()
    noise = METHODS["random"].compute(view)
    assert torch.equal(torch.get_rng_state(), state)
    assert (noise >= 0).all()
    assert (noise < 1).all()
    assert noise.mean().item() == pytest.approx(0.5, abs=0.01)
    assert noise.var().item() == pytest.approx(1 / 12, abs=0.002)


def test_the_centre_is_highest_in_the_middle_and_symmetric():
    (one,) = METHODS["centre"].compute(made_up(count=1))
    assert one.argmax() in [SIZE[1] * row + column for row in (11, 12) for column in (15, 16)]
    torch.testing.assert_close(one, one.flip(0))
    torch.testing.assert_close(one, one.flip(1))
    assert one[0, 0] == one.min()


def test_everything_is_marked_by_otsu():
    maps = METHODS["every-pixel"].compute(made_up()).float()
    levels = to_levels(maps).reshape(len(maps), -1)
    histograms = np.stack([np.bincount(one.ravel(), minlength=256) for one in np.asarray(levels)])
    marked = np.asarray(levels) > otsu(histograms)[:, None]
    assert (marked.sum(1) == SIZE[0] * SIZE[1] - 1).all()
