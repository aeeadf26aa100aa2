"""Methods on whole networks, beside what their twins need."""

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import heatmap, parse
from tests.helpers.small_networks import pictures


def on_network(network, text):
    """Return the heatmap, and what its twin needs: plain activations and gradients, image by image."""
    images = pictures(count=2).double()
    anatomy = examine(network, images)
    spec = parse(text)
    evidence = Evidence(network, anatomy, images, Target(), [spec])
    return heatmap(spec, View(evidence, spec)), evidence, anatomy.choose(spec.layers)
