"""Whatever steps lie behind a layer, what is passed back through them adds up; where it does not, it is said."""

import pytest
import torch
from torch import nn

from bench.attribution.deep_lift import deep_lift
from bench.attribution.lrp import relevance
from bench.errors import BenchError
from bench.network.partial_forward import PartialForward
from methods import heatmap, parse
from tests.helpers.propagation import (
    BLOCKS,
    assert_lifted_in_full,
    assert_relevance_arrives,
    network_with,
    view_of,
)
from tests.helpers.small_networks import NETWORKS, chain, convolution, pictures


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_all_that_arrives_at_any_stage_adds_up(make):
    view = view_of(make().double())
    assert_lifted_in_full(view)
    classes = 3
    assert_relevance_arrives(view, 1 - (classes - 1) / classes)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_every_kind_of_step_is_known(block):
    network = network_with(block)
    assert_lifted_in_full(view_of(network, "lift-cam/layer.1"))
    assert_relevance_arrives(view_of(network, "relevance-cam/layer.1"), 1.0)


def test_it_makes_no_difference_how_an_activation_is_written():
    class Twice(nn.Module):
        def __init__(self, first, second):
            super().__init__()
            self.one, self.two = convolution(8, 8), convolution(8, 8)
            self.first, self.second = first, second

        def forward(self, x):
            return self.second(self.two(self.first(self.one(x))))

    once, inplace = nn.ReLU(), nn.ReLU(inplace=True)
    ways = [(nn.ReLU(), nn.ReLU()), (once, once), (inplace, inplace), (torch.relu, torch.Tensor.relu_)]
    for what in ("deep_lift", "relevance"):
        networks = [network_with(lambda way=way: Twice(*way), 3) for way in ways]
        found = [getattr(view_of(network, "lift-cam/layer.1"), what)("1") for network in networks]
        assert found[0].any()
        assert all(torch.equal(one, found[0]) for one in found)


def test_what_no_rule_is_known_for_passes_its_derivative_on_and_is_noted():
    network = network_with(lambda: nn.GroupNorm(2, 8), 3)
    network[4] = nn.Identity()  # what else there is behind the layer is linear
    view = view_of(network, "lift-cam/layer.1")
    torch.testing.assert_close(view.deep_lift("1"), view.activation("1") * view.gradient("1"), rtol=1e-9, atol=1e-12)
    for text in ("lift-cam/layer.1", "relevance-cam/layer.1"):
        view = view_of(network, text)
        assert heatmap(parse(text), view).values.any()
        assert view.notes[1].deviation > 1e-3


@pytest.mark.parametrize(("propagate", "explained"), [(deep_lift, lambda logits: logits[:, 0]), (relevance, 0)])
def test_a_layer_that_nothing_depends_on_is_refused(propagate, explained):
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.aside = chain(), convolution(3, 4)

        def forward(self, images):
            self.aside(images)
            return self.body(images)

    network = Aside().eval()
    replay = PartialForward(network, "aside", pictures(1))
    with pytest.raises(BenchError, match="does not depend on the layer"):
        propagate(replay, torch.ones(4, 24, 32), explained)
