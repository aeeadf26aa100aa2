"""What a method may read of the classifier, and the pieces that a method is registered with."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from torch import Tensor

Computed = TypeVar("Computed")


class EvidenceView(Protocol):
    """What one classifier computed on one batch, with the gradient rules of one spec applied.

    B images of C channels and H x W pixels; a layer's output has K channels of h x w positions.
    Tensors are detached, on the classifier's device, float32 (float64 where the network is).
    """

    @property
    def input(self) -> Tensor:
        """Images as the network saw them, (B, C, H, W)."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Module names that the spec's layer choice stands for, shallow to deep."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """One seed an image, for methods that draw: the same image has the same seed in any batch."""

    def activation(self, layer: str) -> Tensor:
        """Output of `layer`, (B, K, h, w)."""

    def gradient(self, layer: str) -> Tensor:
        """Gradient of the target's score with respect to `activation(layer)`, (B, K, h, w)."""

    def input_gradient(self) -> Tensor:
        """Gradient of the target's score with respect to `input`, (B, C, H, W); lt does not act on it."""

    def bias_gradients(self) -> dict[str, Tensor]:
        """What every bias gives to the score, b · ∂y/∂b position by position, by layer, shallow to deep.

        Convolutions and batch normalisations (in evaluation, with their implicit bias), (B, K, h, w); linear layers,
        (B, K). Without rules, all of it and the input times its gradient add up to the score of a piecewise linear
        network. Only for methods that are registered with ``biases=True``.

        Raises:
            NotApplicableError: a layer has a bias that is not read here, or runs several times.
        """

    def once(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        """Return what `compute` gave for `key`: it is called once for all specs with the same gradient rules."""

    def class_weights(self) -> Tensor:
        """Weights of the target in a linear layer behind global average pooling, (B, K).

        Raises:
            NotApplicableError: the network does not end in global average pooling and one linear layer.
        """


GradientWeighting = Callable[..., Tensor]
"""(activation, gradient), both (B, K, h, w), and options by keyword -> map (B, h, w)."""

FromEvidence = Callable[..., Tensor | dict[str, Tensor]]
"""(view: EvidenceView) and options by keyword -> map (B, h, w) of any h x w, or several of them by layer, which are
fused."""


@dataclass(frozen=True)
class Method:
    """A registered method.

    Attributes:
        name: the name in a spec.
        compute: a `GradientWeighting` if `weighs_gradients`, else a `FromEvidence`.
        weighs_gradients: a plain function of one layer's activation and gradient, which therefore combines
            with every layer choice and every gradient rule.
        obeys_rules: reads gradients through the view alone, so that gradient rules act on it.
        biases: reads `EvidenceView.bias_gradients`.
        layers: the layer choice where a spec names none.
        paper: where the equation is.
        options: keyword options with their defaults.
        chance: knows nothing of the defect: a floor that every method must beat.
    """

    name: str
    compute: FromEvidence
    weighs_gradients: bool
    obeys_rules: bool
    layers: str
    paper: str
    options: dict[str, Any] = field(default_factory=dict)
    biases: bool = False
    chance: bool = False
