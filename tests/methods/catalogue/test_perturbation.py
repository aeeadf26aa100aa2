"""Options and shortcuts of methods that ask the network again, against the twins of these methods."""

import numpy as np
import pytest
import torch

from methods import METHODS, MethodError
from tests.helpers.made_up_evidence import made_up
from tests.helpers.twins import EVIDENCE_TWINS


def test_a_channel_may_be_ablated_by_its_mean():
    view = made_up()
    found, expected = METHODS["ablation-cam"].compute(view, by="mean"), EVIDENCE_TWINS["ablation-cam"](view, "mean")
    for layer, values in found.items():
        np.testing.assert_allclose(values, expected[layer], rtol=1e-9, atol=1e-12)
    with pytest.raises(MethodError, match="ablated by zero or mean, not by 'max'"):
        METHODS["ablation-cam"].compute(view, by="max")


def test_flat_channels_share_one_forward_pass():
    view, asked = made_up(count=1), []
    view.activations[:, [1, 3]] = torch.tensor([0.0, 2.0], dtype=torch.float64)[:, None, None]
    expected = EVIDENCE_TWINS["score-cam"](view)
    scores = view.scores
    view.scores = lambda image, count, build: (asked.append(count), scores(image, count, build))[1]
    found = METHODS["score-cam"].compute(view)
    assert asked == [3, 1] * 2
    for layer, values in found.items():
        np.testing.assert_allclose(values, expected[layer], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("groups", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_fsg_cam_joins_channels_whose_activations_are_similar(groups, seed):
    view = made_up(seed)
    random = torch.Generator().manual_seed(seed)
    view.activations = torch.randn(3, 12, 3, 4, generator=random, dtype=torch.float64)
    view.activations[1] = view.activations[1].relu()
    view.activations[1, 2] = 0
    view.activations[2, 1:] = 0
    found = METHODS["fsg-cam"].compute(view, groups=groups)
    np.testing.assert_allclose(found, EVIDENCE_TWINS["fsg-cam"](view, groups), rtol=1e-9, atol=1e-12)
    assert found[:2].any()


def test_fsg_cam_finds_nothing_where_nothing_is_active():
    view = made_up()
    view.activations = torch.zeros_like(view.activations)
    assert not METHODS["fsg-cam"].compute(view).any()
