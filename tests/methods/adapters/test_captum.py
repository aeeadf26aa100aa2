"""What is special about the methods of captum: what adds up, and what is noted where it does not."""

import captum.attr
import torch
from torch import nn

from bench import explain
from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import heatmap, parse
from tests.helpers.small_networks import CLASSES, NETWORKS, chain, convolution, pictures

TRIED = ("in-place ReLU", "leaky ReLU", "frozen, gap", "residual", "dense, gap")


REASONS = {
    ("captum:DeepLift", "residual"): "RuntimeError: A Module ReLU.. was detected.*used more than once",
    ("captum:LRP", "leaky ReLU"): "TypeError: Module of type .*LeakyReLU.* has no rule",
}


def test_what_does_not_add_up_is_noted_beside_the_map():
    notes = {make: noted("captum:LRP", NETWORKS[make]()) for make in TRIED if ("captum:LRP", make) not in REASONS}
    assert {make for make, note in notes.items() if note} == {"residual", "dense, gap"}
    assert all(note.text == "not exact here" and note.deviation > 0.01 for note in notes.values() if note)


def test_deep_lift_is_noted_by_how_much_it_misses_the_score(monkeypatch):
    network = nn.Sequential(convolution(3, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, CLASSES))
    assert not noted("captum:DeepLift", network)
    exact = captum.attr.DeepLift.attribute
    monkeypatch.setattr(captum.attr.DeepLift, "attribute", lambda *given, **named: exact(*given, **named) / 2)
    assert str(noted("captum:DeepLift", network)) == "not exact here, off by 50 %"


def noted(text, network):
    """Return what is noted of the first of two images."""
    images, spec = pictures(2), parse(text)
    view = View(Evidence(network, examine(network, images[:1]), images, Target(), [spec]), spec)
    heatmap(spec, view)
    return view.notes.get(0)


def test_lrp_that_is_exact_is_the_input_times_its_gradient():
    found = explain(chain(), pictures(2), ["captum:LRP", "captum:InputXGradient"])
    torch.testing.assert_close(found["captum:LRP"], found["captum:InputXGradient"], rtol=1e-3, atol=1e-5)


def test_captum_reads_a_layer_or_several_which_are_fused_here():
    maps = explain(chain(), pictures(2), ["captum:LayerGradCam/stages=max", "grad-cam/stages=max"])
    torch.testing.assert_close(*maps.values())
