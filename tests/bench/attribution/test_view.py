"""What is noted of an image reaches everyone who reads its map."""

import warnings

import pytest
import torch
from torch import nn

from bench import explain
from bench.attribution.view import View
from methods import heatmap
from methods.contract import Note
from tests.helpers.propagation import evidence_of, network_with, view_of
from tests.helpers.small_networks import chain, pictures


def test_specs_that_share_a_map_share_its_notes():
    network = network_with(lambda: nn.Sequential(nn.MaxPool2d(2), nn.GroupNorm(2, 8)), 3)
    evidence, specs = evidence_of(network, ["lift-cam/stages=sum", "lift-cam/stages=max", "grad-cam"])
    views = [View(evidence, spec) for spec in specs]
    for spec, view in zip(specs, views, strict=True):
        heatmap(spec, view)
        heatmap(spec, view)
    assert views[0].notes
    assert views[0].notes == views[1].notes
    assert views[2].notes == {}


def test_what_was_noted_beside_a_shared_map_is_not_shared():
    evidence, specs = evidence_of(chain().double(), ["lift-cam", "cam"])
    first, second = (View(evidence, spec) for spec in specs)
    first.note(0, "mine")
    for view in (first, second):
        view.once("key", lambda view=view: view.note(1, "of both"))
    assert first.notes == {0: Note("mine"), 1: Note("of both")}
    assert second.notes == {1: Note("of both")}


def test_notes_on_one_image_are_joined_and_the_largest_deviation_is_kept():
    view = view_of(chain().double())
    view.note(1, "one", 0.02)
    view.note(1, "two")
    view.note(1, "three", 0.03)
    assert view.notes == {1: Note("one; two; three", 0.03)}
    assert str(view.notes[1]) == "one; two; three, off by 3 %"


class Gated(nn.Module):
    """Multiplies its input by a gate of itself, so that a network with it is not piecewise linear."""

    def forward(self, x):
        return x * x.mean((2, 3), keepdim=True).sigmoid()


def noted(network, text):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        explain(network, pictures(), text)
    return [str(one.message) for one in told]


def test_full_grad_says_where_its_parts_do_not_add_up_to_the_score():
    network = chain()
    network.pool1 = nn.Sequential(network.pool1, Gated())
    first, second = noted(network, "full-grad")
    assert first.startswith("full-grad, image 0: its parts do not add up to the score, off by ")
    assert second.startswith("full-grad, image 1: ")
    assert noted(chain(), "full-grad") == []
    assert noted(network, "full-grad+lt@50") == []  # under a rule they need not add up


@pytest.mark.parametrize("text", ["relevance-cam", "lift-cam"])
def test_what_is_propagated_is_the_same_under_autocast(text):
    network, images = chain(), pictures()
    expected = explain(network, images, text)[text]
    with torch.autocast("cpu", torch.bfloat16):
        found = explain(network, images, text)[text]
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0.02 * expected.max().item())
    assert noted(network, text) == []
