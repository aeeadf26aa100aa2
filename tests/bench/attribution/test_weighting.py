"""Maps from a few channels at a time, under many truncations at once: the same as one by one."""

import numpy as np
import pytest
import torch

from bench.attribution import weighting as module
from bench.attribution.evidence import Evidence, by_gradient
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import METHODS, gradient_method, heatmap, parse
from methods.rules import Truncation, positive_percentiles, truncate
from tests.helpers.small_networks import chain, pictures

WEIGHTED = [name for name, method in METHODS.items() if method.gradient_weighted]
ADDITIVE = [name for name in WEIGHTED if METHODS[name].additive]
WAYS = (None, Truncation(0), Truncation(50), Truncation(50, "layer"), Truncation(90, kept="mean"))


@pytest.fixture
def layer():
    """Return an activation and a gradient, (2, 7, 5, 6) float64, with ties."""
    drawn = torch.randn(2, 2, 7, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return drawn[0].relu(), drawn[1].mul(4).round() / 4


@pytest.mark.parametrize("name", ADDITIVE)
@pytest.mark.parametrize("block", [1, 30, 100, 10**6])
def test_an_additive_method_may_look_at_a_few_channels_at_a_time(name, block, layer, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    activation, gradient = layer
    cuts = [one and (one, positive_percentiles(gradient, (one.delta,), one.percentile)[0]) for one in WAYS]
    weighting = METHODS[name].compute
    found = module.weighted_in_blocks(weighting, activation, gradient, cuts)
    for cut, one in zip(cuts, found, strict=True):
        given = gradient if cut is None else truncate(gradient, cut[1], cut[0].kept)
        torch.testing.assert_close(one, weighting(activation, given), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", WEIGHTED)
def test_a_method_is_additive_if_and_only_if_it_says_so(name, layer):
    activation, gradient = layer
    weighting = METHODS[name].compute
    alone = sum(weighting(activation[:, k : k + 1], gradient[:, k : k + 1]) for k in range(activation.shape[1]))
    assert torch.allclose(alone, weighting(activation, gradient), rtol=1e-9, atol=1e-9) == METHODS[name].additive


@pytest.fixture
def registered():
    """Register a method for the test alone."""
    before = dict(METHODS)
    yield lambda name, additive: gradient_method(name, paper="none: a test", additive=additive)
    METHODS.clear()
    METHODS.update(before)


def evidence_for(specs):
    network, images = chain(), pictures(1)
    return Evidence(network, examine(network, images), images, Target(), specs)


@pytest.fixture
def counting(registered):
    """Register a method `counting`, additive or not; give the list of the gradients that it is called with."""

    def register(*, additive):
        calls = []

        @registered("counting", additive)
        def weighting(activation, gradient):
            calls.append(gradient)
            return (gradient * activation).sum(1)

        return calls

    return register


@pytest.mark.parametrize("additive", [True, False])
def test_all_truncations_of_an_additive_method_are_made_together(additive, counting):
    calls = counting(additive=additive)
    specs = [parse(text) for text in ("counting+lt@30", "counting+lt@60")]
    evidence = evidence_for(specs)
    heatmap(specs[0], View(evidence, specs[0]))
    assert len(calls) == (2 if additive else 1)
    heatmap(specs[1], View(evidence, specs[1]))
    assert len(calls) == 2


def test_a_layer_is_weighed_only_as_specs_that_read_it_ask(counting):
    calls = counting(additive=True)
    specs = [parse(text) for text in ("counting/stages+lt@30", "counting/last")]
    evidence = evidence_for(specs)
    stages = len(View(evidence, specs[0]).layers)
    for spec in specs:
        heatmap(spec, View(evidence, spec))
    assert stages > 1
    assert len(calls) == stages + 1


def test_a_method_that_raises_leaves_the_others_alone(registered):
    @registered("raising", True)
    def raising(activation, gradient):
        raise RuntimeError("mine")

    specs = [parse(text) for text in ("raising+lt@30", "grad-cam+lt@30")]
    evidence = evidence_for(specs)
    with pytest.raises(RuntimeError, match="mine"):
        heatmap(specs[0], View(evidence, specs[0]))
    assert heatmap(specs[1], View(evidence, specs[1])).values.any()


def test_maps_of_another_filter_are_let_go():
    network, images = chain(), pictures(2)
    specs = [parse(f"hires-cam/stages+fgbp@{delta}+lt@{delta}") for delta in (0, 40, 80)]
    together = Evidence(network, examine(network, images), images, Target(), specs)
    for spec in [*by_gradient(specs), *specs]:
        alone = Evidence(network, examine(network, images), images, Target(), [spec])
        expected = heatmap(spec, View(alone, spec)).values
        np.testing.assert_allclose(heatmap(spec, View(together, spec)).values, expected, rtol=1e-6)
