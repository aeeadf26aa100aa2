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

    @property
    def score(self) -> Tensor:
        """The target's score of each image, (B,)."""

    def activation(self, layer: str) -> Tensor:
        """Output of `layer`, (B, K, h, w)."""

    def gradient(self, layer: str) -> Tensor:
        """Gradient of the target's score with respect to `activation(layer)`, (B, K, h, w)."""

    def input_gradient(self) -> Tensor:
        """Gradient of the target's score with respect to `input`, (B, C, H, W); lt does not act on it.

        Only for methods that read the ``input``.
        """

    def guided_gradient(self) -> Tensor:
        """The same by guided backpropagation, whatever the rules; only for methods that read the ``input``.

        Raises:
            NotApplicableError: the network has activations that are not ReLUs.
        """

    def bias_gradients(self) -> dict[str, Tensor]:
        """What every bias gives to the score, b · ∂y/∂b position by position, by layer, shallow to deep.

        Convolutions and batch normalisations (in evaluation, with their implicit bias), (B, K, h, w); linear layers,
        (B, K). Without rules, all of it and the input times its gradient add up to the score of a piecewise linear
        network. Only for methods that read ``biases``.

        Raises:
            NotApplicableError: a layer has a bias that is not read here, or runs several times.
        """

    def once(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        """Return what `compute` gave for `key`: it is called once for all specs with the same gradient rules."""

    def scores(self, image: int, count: int, build: Callable[[int, int], Tensor]) -> Tensor:
        """Target's score, (count,), of `count` variants of the image with this number in the batch.

        ``build(first, last)`` gives the variants with these numbers, `last` not included, (n, C, H, W); it is asked for
        as many at once as fit into memory.
        """

    def scores_behind(self, layer: str, image: int, count: int, build: Callable[[int, int], Tensor]) -> Tensor:
        """The same for variants of this image's output of `layer`, (n, K, h, w): only what lies behind it runs."""

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
        reads: what it needs of the view beside layers: ``biases``, ``input`` and
            ``guided`` for gradients with respect to the images.
        passes: forward passes an image takes for a layer of this many channels, or None if it takes none of its own.
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
    reads: frozenset[str] = frozenset()
    passes: Callable[[int], int] | None = None
    chance: bool = False
