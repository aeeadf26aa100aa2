"""From a view of the evidence to a raw heatmap."""

from __future__ import annotations

from methods.contract import EvidenceView
from methods.fusing import Heatmap, fuse
from methods.registry import METHODS
from methods.spec import MethodSpec


def heatmap(spec: MethodSpec, view: EvidenceView) -> Heatmap:
    """Compute the raw heatmap of `spec` on the batch behind `view`.

    Raises:
        NotApplicableError: the method has no answer on this network.
    """
    method, options = METHODS[spec.name], dict(spec.options)
    if method.weighs_gradients:
        maps = [method.compute(view.activation(layer), view.gradient(layer), **options) for layer in view.layers]
    else:
        maps = [method.compute(view, **options)]
    height, width = view.input.shape[2:]
    return fuse(maps, spec.fuse, (height, width))
