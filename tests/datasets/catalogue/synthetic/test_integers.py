"""Drawing in whole numbers is what drawing in floats would be, up to rounding."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.catalogue.synthetic.integers import ONE, TURN, blur, noise, segment, sine


def test_the_sine_is_one_in_whole_numbers():
    angles = np.arange(-TURN, TURN, dtype=np.int64)
    assert sine(angles).dtype == np.int64
    assert abs(sine(angles) / ONE - np.sin(angles * 2 * np.pi / TURN)).max() < 0.06


@settings(max_examples=20)
@given(st.integers(0, 40), st.integers(0, 40))
def test_a_blur_keeps_a_constant_and_shrinks_the_spread(down, right):
    flat = np.full((7, 9), -5, np.int64)
    assert np.array_equal(blur(flat, down, right), flat)
    draws = noise(np.random.RandomState(0), (20, 30)) * ONE
    assert blur(draws, down, right).std() <= draws.std()


def test_a_line_covers_its_length_times_its_width():
    line = segment((40, 60), 20 * 16, 10 * 16, 0, 40 * 16, 2 * 16)
    assert line.max() == ONE
    assert abs(line.sum() / ONE - 40 * 4) < 20
