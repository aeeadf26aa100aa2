"""Small images as pixels, for the tests of metrics."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from results.metrics.formulas import scores

PIXELS = 12


def histograms_of(levels, masks):
    """Count the pixels (N, pixels) of each level where `masks` is true, and elsewhere."""
    parts = np.zeros((2, len(levels), 256), dtype=np.int64)
    for image, pixel in np.ndindex(levels.shape):
        parts[0 if masks[image, pixel] else 1, image, levels[image, pixel]] += 1
    return parts[0], parts[1]


@st.composite
def images(draw, least=1, most=5):
    """Levels, masks, thresholds of a few images, and which are defective; few levels, so that ties occur."""
    count = draw(st.integers(least, most))
    levels = draw(arrays.arrays(np.int64, (count, PIXELS), elements=st.sampled_from([0, 1, 40, 41, 200, 255])))
    masks = draw(arrays.arrays(np.bool_, (count, PIXELS)))
    cuts = draw(arrays.arrays(np.int64, count, elements=st.sampled_from([0, 39, 40, 128, 200, 255])))
    defective = draw(arrays.arrays(np.bool_, count))
    return levels, masks & defective[:, None], cuts, defective


def all_ok(count):
    return np.ones(count, dtype=bool)


def score(levels, masks, cuts, defective, ok=None):
    return scores(*histograms_of(levels, masks), all_ok(len(levels)) if ok is None else ok, cuts, defective)
