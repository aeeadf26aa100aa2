"""Defects are seen on every surface, and their masks are true to the pixel."""

import numpy as np
import pytest

from datasets.catalogue.synthetic.defects import DEFECTS, add_defect
from datasets.catalogue.synthetic.surfaces import BRIGHTEST, DARKEST


@pytest.mark.parametrize("kind", DEFECTS)
@pytest.mark.parametrize("level", [DARKEST, 128, BRIGHTEST])
def test_no_defect_is_lost_on_a_flat_image(kind, level):
    for seed in range(20):
        clean = np.full((32, 48), level, np.int64)
        image, mask = add_defect(kind, np.random.RandomState(seed), clean)
        assert mask.any()
        assert np.array_equal(mask > 0, image != clean)
