"""Which score, computed from the network's logits, a heatmap explains."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.errors import BenchError


@dataclass(frozen=True)
class Target:
    """The score that is explained in every image, defect-free ones included.

    Attributes:
        choice: a class index; ``label``, the image's own defect class; or ``predicted``, the defect class with the
            highest logit, which ``label`` takes too on defect-free images. Class 0 is "good", unless ``kinds``.
        margin: explain the logit minus the highest other logit, instead of the logit.
        kinds: there is no class "good"; class 0 too is a kind of defect.

    Examples:
        >>> Target(2).score(torch.tensor([[0.5, 1.0, 4.0]]))
        tensor([4.])
        >>> Target("predicted", margin=True).score(torch.tensor([[0.5, 1.0, 4.0]]))
        tensor([3.])
    """

    choice: int | str = 1
    margin: bool = False
    kinds: bool = False

    @property
    def is_good(self) -> bool:
        """Whether the absence of a defect is explained; for a network with one logit that is the negative logit."""
        return self.choice == 0 and not self.kinds

    @property
    def uses_label(self) -> bool:
        """Whether the image's label decides what is explained."""
        return self.choice == "label"

    def __str__(self) -> str:
        """Return the text form, e.g. ``1`` or ``label-margin``."""
        return f"{self.choice}-margin" if self.margin else str(self.choice)

    def score(self, logits: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the score of each image, (B,).

        Args:
            logits: (B, classes); a single logit is that of the defect, and the score of class 0 is its negative.
            labels: class of each image, (B,) int64; needed for ``label``.

        Raises:
            BenchError: the logits are not (B, classes), there is no such class, or labels are needed and missing.
        """
        return self.score_of(logits, self.classes(logits, labels))

    def score_of(self, logits: Tensor, classes: Tensor) -> Tensor:
        """Return the score of each image, (B,), for the class that `classes` names for it, (B,) int64."""
        index = classes[:, None]
        chosen = logits.gather(1, index)[:, 0]
        if logits.shape[1] == 1:
            return -chosen if self.is_good else chosen
        if not self.margin:
            return chosen
        others = logits.scatter(1, index, -torch.inf)
        return chosen - others.amax(1)

    def classes(self, logits: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the class that is explained in each image, (B,) int64.

        Raises:
            BenchError: as in `score`.
        """
        if logits.dim() != 2:
            raise BenchError(f"the network must output logits (B, classes), not {tuple(logits.shape)}")
        logits = logits.detach()
        if logits.shape[1] == 1:
            return torch.zeros_like(logits[:, 0], dtype=torch.int64)
        if isinstance(self.choice, int):
            if not 0 <= self.choice < logits.shape[1]:
                raise BenchError(f"target {self.choice}: the network has classes 0 to {logits.shape[1] - 1}")
            return torch.full_like(logits[:, 0], self.choice, dtype=torch.int64)
        first = 0 if self.kinds else 1
        highest = logits[:, first:].argmax(1) + first
        if not self.uses_label:
            return highest
        if labels is None:
            raise BenchError("the target 'label' needs the images' labels")
        return torch.where(labels >= first, labels.to(highest), highest)


def parse_target(text: str, *, kinds: bool = False) -> Target:
    """Return the target that a text stands for: a class index, label or predicted, each with ``-margin`` or without.

    ``margin`` alone is the margin of class 1.

    Args:
        text: the form.
        kinds: there is no class "good".

    Raises:
        BenchError: the text is none of these.

    Examples:
        >>> parse_target("label-margin")
        Target(choice='label', margin=True, kinds=False)
    """
    match = re.fullmatch(r"(?:([0-9]+|label|predicted)(-margin)?|(margin))", text)
    if not match:
        raise BenchError(f"there is no target {text!r}; write a class index, label, predicted or margin")
    choice = match[1] or "1"
    return Target(int(choice) if choice.isdigit() else choice, margin=bool(match[2] or match[3]), kinds=kinds)


def default_target(classes: int, *, kinds: bool = False) -> Target:
    """Return the target where none is named: the defect class, or of several defect classes the predicted one.

    Args:
        classes: their number.
        kinds: all of them are kinds of defect, there is no class "good".
    """
    return Target("predicted", kinds=kinds) if kinds or classes > 2 else Target()
