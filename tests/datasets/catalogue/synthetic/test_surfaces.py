"""Surfaces keep room for defects, and their textures are of the deviation that a contrast is multiplied with."""

import numpy as np
import pytest

from datasets.catalogue.synthetic.integers import ONE
from datasets.catalogue.synthetic.surfaces import BRIGHTEST, DARKEST, SURFACES, render

STREAMS = [(seed, seed + 100) for seed in range(4)]


def streams(seeds):
    return (np.random.RandomState(seed) for seed in seeds)


@pytest.mark.parametrize("kind", SURFACES)
@pytest.mark.parametrize("seeds", STREAMS)
def test_a_clean_image_leaves_room_above_and_below(kind, seeds):
    image = render(kind, *streams(seeds), (40, 56))
    assert image.shape == (40, 56)
    assert DARKEST <= image.min() < image.max() <= BRIGHTEST


@pytest.mark.parametrize("kind", SURFACES)
@pytest.mark.parametrize("seeds", STREAMS)
def test_a_texture_has_mean_0_and_deviation_1(kind, seeds):
    texture = SURFACES[kind].texture(*streams(seeds), (64, 64))
    assert abs(texture.mean()) < 2
    assert texture.std() == pytest.approx(ONE, rel=0.05)


@pytest.mark.parametrize("kind", SURFACES)
def test_images_of_an_item_share_its_surface_but_not_their_light(kind):
    one, same, other = (render(kind, *streams(seeds), (64, 64)) for seeds in ((1, 2), (1, 2), (1, 3)))
    assert (one == same).all()
    assert (one != other).mean() > 0.5
