"""Relevance that does not arrive is said to be missing."""

from torch import nn

from methods.contract import Note
from tests.helpers.propagation import view_of
from tests.helpers.small_networks import convolution, residual


def test_relevance_that_passes_a_layer_by_is_said_to_be_missing():
    view = view_of(residual().double(), "relevance-cam/layer.block1.second")
    view.relevance("block1.second")
    assert sorted(view.notes) == [0, 1]
    assert view.notes[0].text == "not exact at block1.second"
    assert 0.01 < view.notes[0].deviation < 1


def test_a_logit_of_0_has_no_relevance_and_it_is_said():
    head = nn.Conv2d(8, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    network = nn.Sequential(convolution(3, 8), nn.ReLU(), *head).eval().double()
    nn.init.constant_(network[2].bias, -1e3)
    view = view_of(network, "relevance-cam/layer.1")
    assert not view.relevance("1").any()
    assert view.notes == {0: Note("not exact at 1", 1.0), 1: Note("not exact at 1", 1.0)}
    view = view_of(network, "lift-cam/layer.1")
    assert not view.deep_lift("1").any()
    assert view.notes == {}
