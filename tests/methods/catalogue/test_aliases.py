"""An alias is the equations of its paper, on whole networks."""

import numpy as np
import pytest
import torch

from methods import Heatmap
from methods.rules import Filter
from tests.helpers.on_network import on_network
from tests.helpers.small_networks import NETWORKS, SIZE
from tests.helpers.twins.arithmetic import truncated, upsampled, weighted_sum


def by_hand(evidence, layers, weight_of, filtered_at=None):
    """Eq. 7 at each layer and eq. 8 over them: Σ_l upsample(ReLU(Σ_k w_k A_k))."""
    rule = None if filtered_at is None else Filter(filtered_at)
    total = np.zeros((len(evidence.images), *SIZE))
    for layer in layers:
        a, g = evidence.activation(layer).numpy(), evidence.gradient(layer, rule, None).numpy()
        for b, r in enumerate(truncated(g, 50)):
            total[b] += upsampled(weight_of(a[b], r), SIZE)
    return total


def region_aware(a, r):
    out = np.zeros(a.shape[1:])
    for i, j in np.ndindex(out.shape):
        out[i, j] = max(sum(r[k, i, j] * a[k, i, j] for k in range(len(a))), 0)
    return out


def pooled(a, r):
    return weighted_sum(r.mean((1, 2)), a)


@pytest.mark.parametrize(
    ("alias", "expansion", "weight_of", "filtered_at"),
    [
        ("ra-cam", "hires-cam/stages+fgbp@50+lt@50", region_aware, 50.0),
        ("ra-cam-pooled", "grad-cam/stages+fgbp@50+lt@50", pooled, 50.0),
        ("lt-grad-cam", "grad-cam/stages+lt@50", pooled, None),
        ("lt-layer-cam", "layer-cam/stages+lt@50", region_aware, None),
    ],
)
@pytest.mark.parametrize("make", ["in-place ReLU", "leaky ReLU"])
def test_an_alias_is_its_papers_equations(make, alias, expansion, weight_of, filtered_at):
    network = NETWORKS[make]().double()
    found, evidence, layers = on_network(network, alias)
    assert isinstance(found, Heatmap)
    assert layers == ("act1", "act2", "act3")
    expected = by_hand(evidence, layers, weight_of, filtered_at)
    assert expected.any()
    np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-14)
    assert torch.equal(on_network(network, expansion)[0].values, found.values)
