"""The figures of a ranking."""

import numpy as np
from PIL import Image

from reports.rank_figures import _alike, draw_critical_difference, draw_ranks
from tests.helpers.compared_runs import two_settings


def test_the_pictures_are_drawn(tmp_path):
    found = two_settings(tmp_path)
    for draw in (draw_critical_difference, draw_ranks):
        draw(found, "b", tmp_path / "picture.png")
        pixels = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB"))
        assert pixels.shape[1] > 500
        # The reference has a colour of its own.
        assert (np.abs(pixels.astype(int) - [0xD5, 0x5E, 0x00]).sum(-1) < 30).any()


def test_methods_that_are_alike_are_joined_by_the_longest_lines():
    ranks = np.array([1.0, 2.0, 2.5, 4.0, 6.0])
    assert _alike(ranks, 1.6) == [(1.0, 2.5), (2.5, 4.0)]
    assert _alike(ranks, 2.2) == [(1.0, 2.5), (2.0, 4.0), (4.0, 6.0)]
    assert _alike(ranks, 0.4) == []
