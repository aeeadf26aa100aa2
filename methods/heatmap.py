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
    return fused(spec, layer_maps(spec, view), (height, width))


def layer_maps(spec: MethodSpec, view: EvidenceView) -> dict[str, Tensor]:
    """Compute the maps that `heatmap` fuses, (B, h, w) by layer, shallow to deep; a map of no layer is named "".

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
    maps = view.once(key, lambda: method.compute(view, **options))
    return maps if isinstance(maps, dict) else {"": maps}


def fused(spec: MethodSpec, maps: dict[str, Tensor], size: tuple[int, int]) -> Heatmap:
    """Upsample what `layer_maps` returned to `size`, (height, width) of the input in pixels, and fuse it."""
    if spec.wrapper:
        return fuse(maps, "sum", size)
    answers = {question: spec.reading(question) for question in ("corners", "prepared", "relu")}
    return fuse(maps, spec.fuse, size, **answers)
