"""Contributions are to the score that is explained, and captum's where those are exact."""

import pytest
import torch
from captum.attr import DeepLift
from torch import nn

from bench.attribution.deep_lift import deep_lift
from bench.network.anatomy import examine
from bench.network.partial_forward import PartialForward
from bench.network.targets import Target
from tests.helpers.propagation import (
    EXACT,
    assert_lifted_in_full,
    view_of,
)
from tests.helpers.small_networks import NETWORKS, chain, convolution, pictures


@pytest.mark.parametrize("target", [Target("label"), Target("predicted", margin=True), Target(2)])
@pytest.mark.parametrize("make", ["residual", "dense, gap"])
def test_contributions_are_to_the_score_that_is_explained(make, target):
    assert_lifted_in_full(view_of(NETWORKS[make]().double(), target=target))


@pytest.mark.parametrize("make", ["ReLU", "residual", "dense"])
def test_within_a_block_too_contributions_add_up(make):
    network = NETWORKS[make]().double()
    layers = examine(network, pictures().double()).layers.values()
    inner = [one.name for one in layers if len(one.shape) == 3 and one.name]
    for name in inner:
        assert_lifted_in_full(view_of(network, f"lift-cam/layer.{name}"))


@pytest.mark.filterwarnings("ignore:ExperimentSettings forward", "ignore:Input Tensor 0 did not")
@pytest.mark.parametrize("kind", ["fc", "gap"])
@pytest.mark.parametrize(("layer", "behind"), [("act2", 6), ("act3", 9)])
def test_contributions_are_captums_where_those_are_exact(layer, behind, kind):
    network = chain(nn.ReLU, kind=kind).double()
    view = view_of(network)
    activation, found = view.activation(layer), view.deep_lift(layer)
    expected = DeepLift(network[behind:]).attribute(activation.clone(), torch.zeros_like(activation), target=1)
    assert expected.any()
    torch.testing.assert_close(found, expected.detach(), rtol=1e-7, atol=1e-12)


def test_equal_inputs_have_the_derivative_as_their_multiplier():
    network = nn.Sequential(convolution(3, 2), nn.Conv2d(2, 1, 1), nn.Sigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network.eval().double()[1].weight.data = torch.tensor([1.0, -1.0]).double().view(1, 2, 1, 1)
    nn.init.constant_(network[1].bias, 1.0)
    replay = PartialForward(network, "0", pictures(1).double())
    slope = torch.tensor(1.0).double().sigmoid() * torch.tensor(-1.0).double().sigmoid()
    for apart in (0.0, 1e-12):
        cancelling = torch.ones(2, 24, 32).double() + torch.tensor([0.0, apart]).double().view(2, 1, 1)
        found = deep_lift(replay, cancelling, lambda logits: logits[:, 0])
        torch.testing.assert_close(found.values[0], (slope / (24 * 32)).expand(24, 32), rtol=1e-9, atol=0)
        assert found.missed < EXACT
