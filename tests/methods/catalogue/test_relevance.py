"""What lift-cam and relevance-cam read of a layer is what arrives there by hand."""

import numpy as np
import pytest

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import parse
from tests.helpers import slow_propagation
from tests.helpers.small_networks import chain, pictures


@pytest.mark.parametrize("kind", ["fc", "gap"])
@pytest.mark.parametrize(("layers", "behind"), [("last", 9), ("S2", 6)])
@pytest.mark.parametrize("what", ["deep_lift", "relevance"])
def test_what_arrives_at_a_layer_is_what_arrives_by_hand(what, layers, behind, kind):
    network, images = chain(kind=kind).double(), pictures(count=2).double()
    spec = parse(f"lift-cam/{layers}")
    view = View(Evidence(network, examine(network, images), images, Target(), [spec]), spec)
    (layer,) = view.layers
    for found, a in zip(getattr(view, what)(layer).numpy(), view.activation(layer).numpy(), strict=True):
        expected = getattr(slow_propagation, what)(network[behind:], a, 1)
        assert expected.any()
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)
    assert view.notes == {}
