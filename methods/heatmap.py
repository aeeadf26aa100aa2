"""From a view of the evidence to a raw heatmap."""

from __future__ import annotations

from torch import Tensor

from methods.contract import EvidenceView
from methods.fusing import Heatmap, fuse
from methods.registry import METHODS, WRAPPERS
from methods.spec import MethodSpec


def heatmap(spec: MethodSpec, view: EvidenceView) -> Heatmap:
    """Compute the raw heatmap of `spec` on the batch behind `view`.

    Raises:
        NotApplicableError: the method has no answer on this network.
    """
    height, width = view.input.shape[2:]
    if spec.wrapper:
        return fuse(layer_maps(spec, view), "sum", (height, width))
    answers = {question: spec.reading(question) for question in ("corners", "prepared", "relu")}
    return fuse(layer_maps(spec, view), spec.fuse, (height, width), **answers)


def layer_maps(spec: MethodSpec, view: EvidenceView) -> dict[str, Tensor]:
    """Compute what `heatmap` fuses: a map (B, h, w) by layer, shallow to deep; that of no layer has an empty name.

    Raises:
        NotApplicableError: the method has no answer on this network.
    """
    if spec.wrapper:
        wrap = WRAPPERS[spec.wrapper].compute
        return {"": view.once(spec, lambda: wrap(view.input, view.inner))}
    method, options = METHODS[spec.name], spec.own_options()
    if method.gradient_weighted:
        return {layer: view.weighted_map(layer) for layer in view.layers}
    key = (spec.name, tuple(options.items()), view.layers)
    found = view.once(key, lambda: method.compute(view, **options))
    return found if isinstance(found, dict) else {"": found}
