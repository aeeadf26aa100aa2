"""What the method of one spec may read of the evidence."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bench.attribution.elsewhere import InnerMethod
from bench.attribution.propagation import Propagated
from bench.network.tracing import readable
from methods.contract import Build, Computed
from methods.errors import NotApplicableError
from methods.rules import Filter
from methods.spec import MethodSpec

if TYPE_CHECKING:
    from bench.attribution.evidence import Evidence

COMPLETE = 1e-3
"""By less than this share of the score, a sum over a layer differs from the score by rounding."""
INPUT = ""
"""Stands for the images among the layers."""


class View:
    """An `EvidenceView` for one spec; what its functions do stands there."""

    def __init__(self, evidence: Evidence, spec: MethodSpec) -> None:
        """Look at `evidence` under the rules of `spec`."""
        self._evidence, self._spec = evidence, spec
        self._rules = spec.filter, spec.truncation
        self.layers = evidence.layers(spec)
        self.input = readable(evidence.images)
        self.seeds = evidence.seeds
        self.score = readable(evidence.score)
        self.model = evidence.network
        self.classes = evidence.classes
        self.notes: dict[int, str] = {}
        """By the number of the image, what its reader has to know beside the numbers."""

    def activation(self, layer: str) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.activation(layer)

    def gradient(self, layer: str) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.gradient(layer, *self._rules)

    def weighted_map(self, layer: str) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.weighted_map(self._spec, layer)

    def input_gradient(self) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.gradient(INPUT, *self._rules)

    def guided_gradient(self) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.gradient(INPUT, Filter(0), None)

    def bias_gradients(self) -> dict[str, Tensor]:
        """See `EvidenceView`."""
        return self._evidence.bias_gradients(*self._rules)

    def once(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        """See `EvidenceView`."""

        def noting() -> tuple[Computed, dict[int, str]]:
            before, self.notes = self.notes, {}
            try:
                return compute(), self.notes
            finally:
                self.notes = before

        # What was computed for another spec comes with what was noted then.
        found, notes = self._evidence.once(self._rules, key, noting)
        self.notes |= notes
        return found

    def note(self, image: int, text: str) -> None:
        """See `EvidenceView`."""
        self.notes[image] = f"{self.notes[image]}; {text}" if image in self.notes else text

    def scores(self, image: int, count: int, build: Build) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.queries.scores(image, count, build)

    def scores_behind(self, layer: str, image: int, count: int, build: Build) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.queries.scores_behind(layer, image, count, build)

    def target(self, image: int) -> Callable[[Tensor], Tensor]:
        """See `EvidenceView`."""
        target, explained = self._evidence.target, self.classes[image]

        def score(logits: Tensor) -> Tensor:
            rows = logits.view(-1, logits.shape[-1])
            return target.score_of(rows, explained.expand(len(rows))).view(logits.shape[:-1])

        return score

    def deep_lift(self, layer: str) -> Tensor:
        """See `EvidenceView`."""
        return self._checked(layer, self._evidence.queries.deep_lift)

    def relevance(self, layer: str) -> Tensor:
        """See `EvidenceView`."""
        return self._checked(layer, self._evidence.queries.relevance)

    @property
    def inner(self) -> InnerMethod:
        """See `EvidenceView`."""
        return InnerMethod(self._evidence, replace(self._spec, wrapper=""), self.classes, self.notes)

    def class_weights(self) -> Tensor:
        """See `EvidenceView`."""
        if self.layers[-1:] != self._evidence.anatomy.stages[-1:]:
            raise NotApplicableError("the weights behind the pooling belong to the last stage alone")
        return self._evidence.class_weights()

    def _checked(self, layer: str, propagated: Callable[[str, int, Tensor], Propagated]) -> Tensor:
        """Return what is propagated to `layer`, image by image; note where it does not add up."""
        found = [propagated(layer, image, one) for image, one in enumerate(self.activation(layer))]
        for image, one in enumerate(found):
            if not one.missed <= COMPLETE:
                self.note(image, f"not exact at {layer}, completeness off by {100 * one.missed:.2g} %")
        return torch.stack([one.values for one in found])
