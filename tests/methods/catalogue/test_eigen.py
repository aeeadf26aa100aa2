"""The first direction of features, found in two ways."""

import numpy as np
import pytest
import torch

from methods import METHODS
from tests.helpers.twins.eigen import eigen


@pytest.mark.parametrize("shape", [(2, 7, 2, 3), (2, 4, 5, 6)], ids=["wide", "deep"])
def test_both_ways_to_the_first_direction_agree(shape):
    random = torch.Generator().manual_seed(1)
    features = torch.randn(shape, generator=random, dtype=torch.float64)
    ones = torch.ones_like(features)
    found = METHODS["eigen-grad-cam"].compute(features, ones)
    np.testing.assert_allclose(found, [eigen(one) for one in features.numpy()], rtol=1e-7, atol=1e-9)
    assert not METHODS["eigen-grad-cam"].compute(0 * features, ones).any()
