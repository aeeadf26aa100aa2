"""Attributions of captum, as ``captum:NAME``: of a layer, or of the input as sizes summed over its channels.

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
from methods.errors import MethodError
from methods.registry import source

PREFIX = "captum"
AT_ONCE = 4
"""Variants of an image that are held at once; no result depends on it."""
WINDOWS = 8
"""Occlusion's square window is the shorter side divided by this, and moves by half of itself."""
NEAR, HALF = 0.01, 0.5
"""Parts of what should be there by which a result may miss it."""

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


def _deep_lift(kind: Any, explained: Lent, image: Tensor) -> Tensor:
    """Make sure that attributions add up to how far the score is from that of an image of zeros, or nearly.

    With max-pooling they do so only roughly.
    """
    with torch.no_grad():
        change = float(explained(image) - explained(torch.zeros_like(image)))
    attribution = _plain(kind, explained, image)
    total, sizes = float(attribution.sum()), float(attribution.abs().sum())
    if not abs(total - change) <= max(HALF * abs(change), NEAR * sizes):
        raise MethodError(
            f"{PREFIX}:DeepLift is wrong on this network: it adds up to {total:.3g} where the score changes by "
            f"{change:.3g}; captum follows activations that are modules and run once, and no functions"
        )
    return attribution


def _lrp(kind: Any, explained: Lent, image: Tensor) -> Tensor:
    """Make sure that relevance is the input times its gradient, as the library's own rules have it.

    They leave flattening out, which passes relevance on as any linear layer does.
    """
    rule = importlib.import_module("captum.attr._utils.lrp_rules").EpsilonRule
    for module in explained.modules():
        if isinstance(module, nn.Flatten):
            vars(module)["rule"] = rule()
    (gradient,) = torch.autograd.grad(explained(image).sum(), image)
    expected, attribution = image * gradient, _plain(kind, explained, image)
    missed, largest = float((attribution - expected).abs().max()), float(expected.abs().max())
    if not missed <= NEAR * largest:
        raise MethodError(
            f"{PREFIX}:LRP is wrong on this network: by its rules relevance is the input times its gradient, up to "
            f"{largest:.3g}, and it misses that by up to {missed:.3g}; captum follows modules, and no sums or functions"
        )
    return attribution


LAYER_METHODS: dict[str, Callable[[Tensor], Tensor]] = {"LayerGradCam": torch.clone, "GuidedGradCam": torch.abs}
"""What is summed over channels: LayerGradCam's is of the layer and signed, that of the other is of the input."""
INPUT_METHODS: dict[str, Attribute] = {
    "Saliency": _plain,
    "InputXGradient": _plain,
    "GuidedBackprop": _plain,
    "Deconvolution": _plain,
    "IntegratedGradients": _integrated,
    "GradientShap": _shap,
    "DeepLift": _deep_lift,
    "LRP": _lrp,
    "Occlusion": _occlusion,
}


@source(PREFIX, "captum", "captum")
def load() -> Iterator[Method]:
    """Yield a method for each of the library's classes that is named here."""
    attr = importlib.import_module("captum.attr")
    computing: dict[str, FromEvidence] = {}
    for name, summed in LAYER_METHODS.items():
        computing[name] = partial(_of_layers, getattr(attr, name), summed)
    for name, attribute in INPUT_METHODS.items():
        computing[name] = partial(_of_input, getattr(attr, name), attribute)
    for name, compute in computing.items():
        yield Method(
            name=f"{PREFIX}:{name}",
            compute=compute,
            weighs_gradients=False,
            obeys_rules=False,
            layers="last",
            paper=f"captum, {name}",
            passes=PASSES.get(name),
            fuses=name in LAYER_METHODS,
        )


def _of_layers(kind: Any, summed: Callable[[Tensor], Tensor], view: EvidenceView) -> dict[str, Tensor]:
    """Return attributions by layer, float32: (B, h, w), or (B, H, W) where they are the input's."""

    def attributed(layer: str, number: int) -> Tensor:
        with lent(view, number) as image:
            explained = Lent(view.model, view.target(number))
            attribution: Tensor = kind(explained, view.model.get_submodule(layer)).attribute(image)
        return summed(attribution.detach()).sum(1).float()

    numbers = range(len(view.input))
    return {layer: torch.cat([attributed(layer, number) for number in numbers]) for layer in view.layers}


def _of_input(kind: Any, attribute: Attribute, view: EvidenceView) -> Tensor:
    """Return the sum of the attributions' sizes over the input's channels, (B, H, W) float32.

    Raises:
        MethodError: the library's result is not what its definition says of it.
    """
    found = []
    for number in range(len(view.input)):
        with lent(view, number) as image:
            attribution = attribute(kind, Lent(view.model, view.target(number)), image)
        found.append(attribution.detach().abs().sum(1).float())
    return torch.cat(found)
