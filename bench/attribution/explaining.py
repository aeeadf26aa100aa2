"""Heatmaps of any network in one call."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from torch import Tensor, nn

from bench.attribution.evidence import Evidence, by_gradient
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target, parse_target
from methods import MethodSpec, heatmap, parse


def explain(
    model: nn.Module,
    images: Tensor,
    methods: str | MethodSpec | Sequence[str | MethodSpec],
    *,
    target: int | str | Target = 1,
    layers: str | None = None,
) -> dict[str | MethodSpec, Tensor]:
    """Compute raw heatmaps of `images`; all methods share one forward pass.

    What a method has to say of a map, that it is not exact on this network for example, is a warning.

    Args:
        model: gives out logits (B, classes) or (B, 1); it is left as it was found.
        images: (B, C, H, W), prepared as the model expects them, on its device.
        methods: one spec or several, e.g. ``"ra-cam"`` or ``["grad-cam", "layer-cam/S2-S4+lt@30"]``.
        target: a class index, ``"label"`` excepted any text of `bench.network.targets.parse_target`, or a `Target`.
        layers: choice of layers for the specs that name none, e.g. ``"stages"`` or ``"layer.features.29"``.

    Returns:
        For each spec as it was given: (B, H, W), non-negative, not normalised, on the device of `images`.

    Raises:
        MethodError: a spec cannot be read, or its method has no answer on this network.
        BenchError: the network has not the layers or the class that are asked for.
    """
    given = [methods] if isinstance(methods, str | MethodSpec) else list(methods)
    specs = {one: parse(one, layers=layers) if isinstance(one, str) else one for one in given}
    if not isinstance(target, Target):
        target = parse_target(str(target))
    evidence = Evidence(model, examine(model, images[:1]), images, target, specs.values())
    maps = {}
    for spec in by_gradient(set(specs.values())):
        view = View(evidence, spec)
        maps[spec] = heatmap(spec, view).values
        for image, note in view.notes.items():
            warnings.warn(f"{spec}, image {image}: {note}", stacklevel=2)
    return {one: maps[spec] for one, spec in specs.items()}
