"""What a method may read of the classifier, and what is registered of a method."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from torch import Tensor, nn

Computed = TypeVar("Computed")
Build = Callable[[int, int], Tensor]
"""(first, last) -> the variants with these numbers, `last` not included, (n, ...)."""


@dataclass(frozen=True)
class Note:
    """What a reader has to know of the heatmap of one image.

    Attributes:
        text: in words.
        deviation: by what share the heatmap is not exact, 0.03 for 3 %; 0 where the note is about something else.

    Examples:
        >>> str(Note("not exact at layer4", 0.034))
        'not exact at layer4, off by 3.4 %'
    """

    text: str
    deviation: float = 0.0

    def __str__(self) -> str:
        """Return both in one line."""
        return f"{self.text}, off by {100 * self.deviation:.2g} %" if self.deviation else self.text

    def joined(self, other: Note) -> Note:
        """Return this note and another on the same image as one, with the larger deviation."""
        return Note(f"{self.text}; {other.text}", max(self.deviation, other.deviation))


class InnerMethod(Protocol):
    """The method that a wrapper wraps, ready to be applied to variants of the images of the batch.

    A variant is made from one image of the batch, scaled or cut for example, and is explained for that image's class.
    `sources` holds, for each of n variants, the number of that image in the batch. ``build(first, last)`` returns the
    variants with these numbers, `last` not included, (n, C, H', W'), of any H' x W' that the network takes; it is
    called for as many at once as fit into memory.
    """

    def maps(self, sources: Sequence[int], build: Build) -> Tensor:
        """Return the raw heatmaps of the variants, (n, H', W').

        Raises:
            NotApplicableError: the network does not take images of this size, or the method has no answer on it.
        """

    def probabilities(self, sources: Sequence[int], build: Build) -> Tensor:
        """Return the probability of the explained class in each variant, (n,): softmax, or sigmoid of a single logit.

        Raises:
            NotApplicableError: the network does not take images of this size.
        """

    @property
    def runner_up(self) -> InnerMethod | None:
        """The same method, explaining each image's runner-up instead; None if the network has a single logit.

        The runner-up is the class with the highest logit on the unchanged image, apart from the explained class.
        """


class EvidenceView(Protocol):
    """What one classifier computed on one batch, as the method of one spec sees it.

    The batch holds B images of C channels and H x W pixels; a layer's output has K channels of h x w positions. The
    gradient rules of the spec have been applied. Tensors are detached, on the classifier's device, and float32, or
    float64 if the network is. The score is the number that is explained, for example the logit of the defect class.
    """

    @property
    def input(self) -> Tensor:
        """The images as the network saw them, (B, C, H, W)."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the modules that the spec's layer choice stands for, shallow to deep."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """A seed for each image, for methods that draw random numbers; an image has the same seed in any batch."""

    @property
    def score(self) -> Tensor:
        """The score of each image, (B,)."""

    @property
    def classes(self) -> Tensor:
        """The class that is explained in each image, (B,) int64; 0 if the network has a single logit."""

    @property
    def model(self) -> nn.Module:
        """The network itself, only for adapters to other libraries, which leave it as it was."""

    def target(self, image: int) -> Callable[[Tensor], Tensor]:
        """Return the function from logits, (classes,) or (n, classes), to the score of one image, () or (n,).

        Args:
            image: its number in the batch.
        """

    def activation(self, layer: str) -> Tensor:
        """Return the output of `layer`, (B, K, h, w)."""

    def gradient(self, layer: str) -> Tensor:
        """Return the gradient of the score with respect to `activation(layer)`, (B, K, h, w).

        Raises:
            NotApplicableError: the spec has a filter, and the network has activations that are not ReLUs.
        """

    def weighted_map(self, layer: str) -> Tensor:
        """Return the map of `layer`, (B, h, w), by the gradient-weighted method of the spec."""

    def input_gradient(self) -> Tensor:
        """Return the gradient of the score with respect to `input`, (B, C, H, W); the rule lt does not act on it.

        Only for methods that are registered with ``reads="input"``.
        """

    def guided_gradient(self) -> Tensor:
        """Return the gradient with respect to `input` by guided backpropagation, whatever the rules, (B, C, H, W).

        Only for methods that are registered to read ``input`` and ``guided``.

        Raises:
            NotApplicableError: the network has activations that are not ReLUs.
        """

    def bias_gradients(self) -> dict[str, Tensor]:
        """Return each bias times its gradient, b · ∂y/∂b, at every position, by layer, shallow to deep.

        Those of convolutions and of batch normalisations (the implicit bias in evaluation mode) are (B, K, h, w), those
        of linear layers (B, K). Without rules, they and the input times its gradient add up to the score, if the
        network is piecewise linear; if they do not, the image gets a note. Only for methods that are registered to read
        ``biases``.

        Raises:
            NotApplicableError: a bias cannot be read, or its layer runs several times.
        """

    def once(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        """Return the result of `compute`, which is called once for `key` and all specs with the same gradient rules."""

    def scores(self, image: int, count: int, build: Build) -> Tensor:
        """Run the network on variants of one image; return their scores, (count,).

        Args:
            image: its number in the batch.
            count: number of variants.
            build: ``build(first, last)`` returns the variants with these numbers, `last` not included, (n, C, H, W); it
                is called for as many at once as fit into memory.
        """

    def scores_behind(self, layer: str, image: int, count: int, build: Build) -> Tensor:
        """Run what lies behind `layer` on variants of its output for one image; return their scores, (count,).

        Args:
            layer: name of its module.
            image: its number in the batch.
            count: number of variants.
            build: as in `scores`, but the variants are (n, K, h, w).
        """

    def deep_lift(self, layer: str) -> Tensor:
        """Return the DeepLIFT contribution of each value of `activation(layer)` to the score, (B, K, h, w).

        The reference is a layer output of zeros. The contributions in an image add up to the difference of its score
        from that of the reference; if they do not, the image gets a note.
        """

    def relevance(self, layer: str) -> Tensor:
        """Return the relevance of each value of `activation(layer)` for the explained class, (B, K, h, w).

        Layer-wise relevance propagation starts from 1 at the logit of the class and from -1, spread evenly, at the
        others, whether the score is a logit or a margin. If not all of it arrives, the image gets a note.
        """

    def note(self, image: int, text: str, deviation: float = 0.0) -> None:
        """Tell the reader something about the heatmap of one image; it is shown beside the numbers.

        Args:
            image: its number in the batch.
            text: the remark, without a full stop.
            deviation: by what share the heatmap is not exact, 0.03 for 3 %; 0 if the remark is about something else.
        """

    @property
    def inner(self) -> InnerMethod:
        """The wrapped method, for the wrapper to apply to variants of the images."""

    def class_weights(self) -> Tensor:
        """Return the weights of the score in the linear layer behind global average pooling, (B, K).

        Raises:
            NotApplicableError: the network does not end in global average pooling and one linear layer.
        """


GradientWeighting = Callable[..., Tensor]
"""(activation, gradient), both (B, K, h, w), and options by keyword -> map (B, h, w)."""

FromEvidence = Callable[..., Tensor | dict[str, Tensor]]
"""(view: EvidenceView) and options by keyword -> map (B, h, w) of any h x w, or maps by layer, which are then fused."""

Wrapping = Callable[[Tensor, InnerMethod], Tensor]
"""(images as the network saw them, (B, C, H, W), and the wrapped method) -> map (B, H, W), non-negative."""


@dataclass(frozen=True)
class Wrapper:
    """A registered wrapper: it makes a method of any other by applying that to variants of the image.

    Attributes:
        name: stands before the colon in a spec.
        compute: the function.
        paper: that describes it.
    """

    name: str
    compute: Wrapping
    paper: str
    remark: str = ""


@dataclass(frozen=True)
class Alias:
    """A registered alias.

    Attributes:
        name: in a spec.
        spec: short text of the combination that it stands for.
        paper: where the combination is described; empty for none.
    """

    name: str
    spec: str
    paper: str


@dataclass(frozen=True)
class Method:
    """A registered method.

    Attributes:
        name: the name in a spec.
        compute: a `GradientWeighting` if `gradient_weighted`, else a `FromEvidence`.
        gradient_weighted: whether it is a plain function of one layer's activation and gradient, which combines with
            every layer choice and every gradient rule.
        obeys_rules: whether it reads gradients, and only through the view, so that gradient rules act on it.
        layers: the layer choice of specs that name none.
        paper: that has its equation.
        options: keyword options with their defaults.
        reads: what it needs of the view beside layers: ``biases``; ``input`` and ``guided`` for gradients with respect
            to the images.
        passes: number of forward passes that it makes for one image and a layer of so many channels; None if it makes
            none.
        chance: whether it knows nothing of the defect: a baseline that every other method should beat.
        fuses: whether the maps of its layers are joined by the spec's way of fusing, not by the method itself.
        additive: whether its map is a sum over channels, to which each channel contributes by itself, so that it can be
            computed from a few channels at a time.
        remark: how it departs from its paper, in a few words that stand under every table; empty where it does not.
    """

    name: str
    compute: FromEvidence
    gradient_weighted: bool
    obeys_rules: bool
    layers: str
    paper: str
    options: dict[str, Any] = field(default_factory=dict)
    reads: frozenset[str] = frozenset()
    passes: Callable[[int], int] | None = None
    chance: bool = False
    fuses: bool = True
    additive: bool = False
    remark: str = ""
