"""What the method of one spec may read of the evidence."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from torch import Tensor

from bench.probing import Build
from methods.contract import Computed
from methods.errors import NotApplicableError
from methods.rules import Filter
from methods.spec import MethodSpec

if TYPE_CHECKING:
    from bench.evidence import Evidence

INPUT = ""
"""Stands for the images among the layers."""


class View:
    """An `EvidenceView` for one spec; what its functions do stands there."""

    def __init__(self, evidence: Evidence, spec: MethodSpec) -> None:
        """Look at `evidence` under the rules of `spec`."""
        self._evidence = evidence
        self._rules = spec.filter, spec.truncation
        self.layers = evidence.layers(spec)
        self.input = evidence.images
        self.seeds = evidence.seeds
        self.score = evidence.score.detach()

    def activation(self, layer: str) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.activation(layer)

    def gradient(self, layer: str) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.gradient(layer, *self._rules)

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
        return self._evidence.once(self._rules, key, compute)

    def scores(self, image: int, count: int, build: Build) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.probe.scores(image, count, build)

    def scores_behind(self, layer: str, image: int, count: int, build: Build) -> Tensor:
        """See `EvidenceView`."""
        return self._evidence.probe.scores_behind(layer, image, count, build)

    def class_weights(self) -> Tensor:
        """See `EvidenceView`."""
        if self.layers[-1:] != self._evidence.anatomy.stages[-1:]:
            raise NotApplicableError("the weights behind the pooling belong to the last stage alone")
        return self._evidence.class_weights()
