"""Attributions of captum, as ``captum:NAME``: of a layer, or of the input as absolute values summed over channels.

The baseline, wherever there is one, is an image of zeros.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from methods.adapters.lending import Lent, lent
from methods.contract import EvidenceView, FromEvidence, Method
from methods.registry import library

PREFIX = "captum"
AT_ONCE = 4
"""Variants of an image that run at once; no result depends on it."""
WINDOWS = 8
"""The side of Occlusion's square window is the shorter side of the image divided by this; it moves by half its side."""
EXACT = 0.01
"""Relative error up to which a result counts as exact."""
STEPS = 50
"""The library's own number of points between the baseline and the image."""
PASSES: dict[str, Callable[[int], int]] = {
    "IntegratedGradients": lambda _channels: STEPS,
    "Occlusion": lambda _channels: (2 * WINDOWS - 1) ** 2,
}
"""Forward passes of the methods that make many; for Occlusion those of a square image."""

Attribute = Callable[[Any, Lent, Tensor], Tensor]
"""(the library's class, network that answers with the score, image (1, C, H, W)) -> attribution (1, C, H, W)."""


def _plain(kind: Any, explained: Lent, image: Tensor) -> Tensor:
    attribution: Tensor = kind(explained).attribute(image)
    return attribution


def _integrated(kind: Any, explained: Lent, image: Tensor) -> Tensor:
    attribution: Tensor = kind(explained).attribute(image, n_steps=STEPS, internal_batch_size=AT_ONCE)
    return attribution


def _shap(kind: Any, explained: Lent, image: Tensor) -> Tensor:
    attribution: Tensor = kind(explained).attribute(image, baselines=torch.zeros_like(image))
    return attribution


def _occlusion(kind: Any, explained: Lent, image: Tensor) -> Tensor:
    channels, height, width = image.shape[1:]
    side = max(min(height, width) // WINDOWS, 1)
    step = max(side // 2, 1)
    attribution: Tensor = kind(explained).attribute(
        image,
        sliding_window_shapes=(channels, side, side),
        strides=(channels, step, step),
        perturbations_per_eval=AT_ONCE,
    )
    return attribution


def _lrp(kind: Any, explained: Lent, image: Tensor) -> Tensor:
    """Give flattening, for which the library has no rule, that of a linear layer: relevance is passed on."""
    rule = importlib.import_module("captum.attr._utils.lrp_rules").EpsilonRule
    for module in explained.modules():
        if isinstance(module, nn.Flatten):
            vars(module)["rule"] = rule()
    return _plain(kind, explained, image)


def _incomplete(explained: Lent, image: Tensor, attribution: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sum of the attributions, and the difference of the score from that of an image of zeros."""
    with torch.no_grad():
        return attribution.sum()[None], explained(image) - explained(torch.zeros_like(image))


def _unlike_gradient(explained: Lent, image: Tensor, attribution: Tensor) -> tuple[Tensor, Tensor]:
    """Return the relevance, and the input times its gradient, to which it is equal under the library's rules."""
    (gradient,) = torch.autograd.grad(explained(image).sum(), image)
    return attribution, image.detach() * gradient


LAYER_METHODS: dict[str, Callable[[Tensor], Tensor]] = {"LayerGradCam": torch.clone, "GuidedGradCam": torch.abs}
"""What is summed over channels: LayerGradCam attributes to the layer, with a sign, GuidedGradCam to the input."""
INPUT_METHODS: dict[str, Attribute] = {
    "Saliency": _plain,
    "InputXGradient": _plain,
    "GuidedBackprop": _plain,
    "Deconvolution": _plain,
    "IntegratedGradients": _integrated,
    "GradientShap": _shap,
    "DeepLift": _plain,
    "LRP": _lrp,
    "Occlusion": _occlusion,
}
CHECKS: dict[str, Callable[[Lent, Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "DeepLift": _incomplete,
    "LRP": _unlike_gradient,
}
"""(network, image, attribution) -> two tensors that should be equal. The library's hooks follow modules that run once;
at functions, sums and, with DeepLIFT, max-pooling its results are silently wrong."""


@library(PREFIX, "captum", "captum")
def load() -> Iterator[Method]:
    """Yield a method for each of the library's classes that is named here."""
    attr = importlib.import_module("captum.attr")
    computing: dict[str, FromEvidence] = {}
    for name, summed in LAYER_METHODS.items():
        computing[name] = partial(_of_layers, getattr(attr, name), summed)
    for name in INPUT_METHODS:
        computing[name] = partial(_of_input, getattr(attr, name), name)
    for name, compute in computing.items():
        yield Method(
            name=f"{PREFIX}:{name}",
            compute=compute,
            gradient_weighted=False,
            obeys_rules=False,
            layers="last",
            paper=f"captum, {name}",
            passes=PASSES.get(name),
            fuses=name in LAYER_METHODS,
        )


def _of_layers(kind: Any, summed: Callable[[Tensor], Tensor], view: EvidenceView) -> dict[str, Tensor]:
    """Return attributions by layer, float32: (B, h, w), or (B, H, W) if they are attributed to the input."""

    def attributed(layer: str, number: int) -> Tensor:
        with lent(view, number) as image:
            explained = Lent(view.model, view.target(number))
            attribution: Tensor = kind(explained, view.model.get_submodule(layer)).attribute(image)
        return summed(attribution.detach()).sum(1).float()

    numbers = range(len(view.input))
    return {layer: torch.cat([attributed(layer, number) for number in numbers]) for layer in view.layers}


def _of_input(kind: Any, name: str, view: EvidenceView) -> Tensor:
    """Return the absolute attributions summed over the input's channels, (B, H, W) float32; note what is not exact."""
    maps = []
    for number in range(len(view.input)):
        with lent(view, number) as image:
            explained = Lent(view.model, view.target(number))
            attribution = INPUT_METHODS[name](kind, explained, image).detach()
            missed = _missed(*CHECKS[name](explained, image, attribution)) if name in CHECKS else 0
        if not missed <= EXACT:
            view.note(number, "not exact here", missed)
        maps.append(attribution.abs().sum(1).float())
    return torch.cat(maps)


def _missed(actual: Tensor, expected: Tensor) -> float:
    """Return the largest difference, relative to the largest expected value."""
    missed, largest = float((actual - expected).abs().max()), float(expected.abs().max())
    return missed / largest if missed else 0.0
