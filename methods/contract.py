"""What a method may read of the classifier, and the pieces that a method is registered with."""

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

    @property
    def classes(self) -> Tensor:
        """The class that the score of each image is of, (B,) int64; 0 where there is one logit."""

    @property
    def model(self) -> nn.Module:
        """The network itself. Only adapters to other libraries may take it; they give it back as it was."""

    def target(self, image: int) -> Callable[[Tensor], Tensor]:
        """What turns logits, (classes,) or (n, classes), into the score of the image with this number, () or (n,)."""

    def activation(self, layer: str) -> Tensor:
        """Output of `layer`, (B, K, h, w)."""

    def gradient(self, layer: str) -> Tensor:
        """Gradient of the target's score with respect to `activation(layer)`, (B, K, h, w)."""

    def weighted_map(self, layer: str) -> Tensor:
        """Map of `layer`, (B, h, w), by the gradient-weighted method of the spec."""

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
        network; an image for which they do not has a note. Only for methods that read ``biases``.

        Raises:
            NotApplicableError: a layer has a bias that is not read here, or runs several times.
        """

    def once(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        """Return what `compute` gave for `key`: it is called once for all specs with the same gradient rules."""

    def scores(self, image: int, count: int, build: Build) -> Tensor:
        """Target's score, (count,), of `count` variants of the image with this number in the batch.

        ``build(first, last)`` gives the variants with these numbers, `last` not included, (n, C, H, W); it is asked for
        as many at once as fit into memory.
        """

    def scores_behind(self, layer: str, image: int, count: int, build: Build) -> Tensor:
        """The same for variants of this image's output of `layer`, (n, K, h, w): only what lies behind it runs."""

    def deep_lift(self, layer: str) -> Tensor:
        """What each value of `activation(layer)` contributes to the target's score, (B, K, h, w).

        By DeepLIFT with 0 as the reference, through what lies behind the layer. All of an image's add up to its score
        less the score behind a layer of zeros; an image for which they do not has a note.
        """

    def relevance(self, layer: str) -> Tensor:
        """Relevance of each value of `activation(layer)` for the target's class against the others, (B, K, h, w).

        By layer-wise relevance propagation, started from 1 at the class and from -1, spread evenly, at the others,
        whether the target is a logit or a margin. An image for which it does not add up to that has a note.
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
        """Weights of the target in a linear layer behind global average pooling, (B, K).

        Raises:
            NotApplicableError: the network does not end in global average pooling and one linear layer.
        """


GradientWeighting = Callable[..., Tensor]
"""(activation, gradient), both (B, K, h, w), and options by keyword -> map (B, h, w)."""

FromEvidence = Callable[..., Tensor | dict[str, Tensor]]
"""(view: EvidenceView) and options by keyword -> map (B, h, w) of any h x w, or several of them by layer, which are
fused."""

Wrapping = Callable[[Tensor, InnerMethod], Tensor]
"""(images as the network saw them, (B, C, H, W), and the wrapped spec) -> map (B, H, W), non-negative."""


@dataclass(frozen=True)
class Wrapper:
    """A registered wrapper: it turns any spec into a method that looks at variants of the image through that spec.

    Attributes:
        name: what stands before the colon in a spec.
        compute: the function.
        paper: where it is described.
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
        gradient_weighted: a plain function of one layer's activation and gradient, which therefore combines
            with every layer choice and every gradient rule.
        additive: the map of a gradient-weighted method is the sum of what each channel gives by itself, so that a few
            channels may be looked at at a time.
        obeys_rules: reads gradients through the view alone, so that gradient rules act on it.
        fuses: its layers' maps are joined here, by the spec's way of fusing, and not by itself.
        reads: what it needs of the view beside layers: ``biases``, ``input`` and
            ``guided`` for gradients with respect to the images.
        passes: forward passes an image takes for a layer of this many channels, or None if it takes none of its own.
        layers: the layer choice where a spec names none.
        paper: where the equation is.
        options: keyword options with their defaults.
        chance: knows nothing of the defect: a floor that every method must beat.
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
