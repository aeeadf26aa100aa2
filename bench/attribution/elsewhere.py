"""One spec at work on other images than those of the batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bench.attribution.forward_queries import INFERENCE_FACTOR
from bench.errors import BenchError
from bench.network.batch_size import GRAPH_FACTOR
from methods.contract import Build
from methods.errors import NotApplicableError
from methods.heatmap import heatmap
from methods.spec import MethodSpec

if TYPE_CHECKING:
    from bench.attribution.evidence import Evidence


class InnerMethod:
    """What `methods.contract.InnerMethod` says; what its functions do stands there."""

    def __init__(self, evidence: Evidence, spec: MethodSpec, classes: Tensor, notes: dict[int, str]) -> None:
        """Ask `spec`, without a wrapper, about the `classes`, (B,) int64, of the images of `evidence`.

        What is noted of a variant is added to `notes` of its image, unless there is a note already.
        """
        self._evidence, self._spec, self._classes, self._notes = evidence, spec, classes, notes

    @property
    def other(self) -> InnerMethod | None:
        """See `methods.contract.InnerMethod`."""
        logits = self._evidence.logits.detach()
        if logits.shape[1] == 1:
            return None
        others = logits.scatter(1, self._classes[:, None], -torch.inf)
        return InnerMethod(self._evidence, self._spec, others.argmax(1), self._notes)

    def maps(self, images: Sequence[int], build: Build) -> Tensor:
        """See `methods.contract.InnerMethod`."""

        def run(first: int, last: int) -> Tensor:
            variants = build(first, last)
            with self._taken(variants):
                there = self._evidence.of(variants, images[first:last], self._classes, self._spec)
            view = there.view(self._spec)
            values = heatmap(self._spec, view).values
            for number, text in view.notes.items():
                self._notes.setdefault(images[first + number], f"in a variant: {text}")
            return values

        return self._in_chunks(run, images, build, GRAPH_FACTOR)

    def probabilities(self, images: Sequence[int], build: Build) -> Tensor:
        """See `methods.contract.InnerMethod`."""
        classes = self._classes[list(images)]

        def run(first: int, last: int) -> Tensor:
            variants = build(first, last)
            with self._taken(variants):
                logits = self._evidence.queries.logits(variants)
            if logits.shape[1] == 1:
                return logits[:, 0].sigmoid()
            return logits.softmax(1).gather(1, classes[first:last, None])[:, 0]

        return self._in_chunks(run, images, build, INFERENCE_FACTOR)

    def _in_chunks(
        self, run: Callable[[int, int], Tensor], images: Sequence[int], build: Build, factor: float
    ) -> Tensor:
        evidence = self._evidence
        larger = math.prod(build(0, 1).shape[2:]) / math.prod(evidence.images.shape[2:])
        size = evidence.queries.fitting(evidence.anatomy.layers.values(), factor * larger)
        return evidence.queries.in_chunks(run, len(images), size)

    @contextmanager
    def _taken(self, variants: Tensor) -> Iterator[None]:
        """Turn whatever a network raises at another size than the batch's into a reason."""
        try:
            yield
        except (BenchError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            height, width = variants.shape[2:]
            if variants.shape[2:] == self._evidence.images.shape[2:]:
                raise
            raise NotApplicableError(
                f"the network does not take images of {height}x{width}: {type(error).__name__}: {error}"
            ) from error
