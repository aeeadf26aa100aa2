"""What the method of one spec may read of the evidence, and how a wrapper asks the method that it wraps."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from typing_extensions import override

from bench.attribution.evidence import INPUT, Evidence, layers_read
from bench.attribution.forward_queries import INFERENCE_FACTOR
from bench.attribution.graph_rules import Propagated
from bench.errors import BenchError
from bench.network.batch_size import GRAPH_FACTOR
from bench.network.tracing import readable
from methods.contract import Build, Computed, EvidenceView, InnerMethod, Note
from methods.errors import NotApplicableError
from methods.heatmap import heatmap
from methods.registry import METHODS
from methods.rules import Filter
from methods.spec import MethodSpec

COMPLETE = 1e-3
"""A sum over a layer that misses the score by less than this share of it does so by rounding."""


class View(EvidenceView):
    """The evidence as one spec sees it: its layers are chosen and its gradient rules applied.

    Attributes:
        notes: on the heatmaps, by the number of the image.
    """

    def __init__(self, evidence: Evidence, spec: MethodSpec) -> None:
        """Look at `evidence`, gathered for `spec` among others."""
        self._evidence, self._spec = evidence, spec
        self._rules = spec.filter, spec.truncation
        self._layers = layers_read(spec, evidence.anatomy)
        self.notes: dict[int, Note] = {}

    @property
    @override
    def input(self) -> Tensor:
        return readable(self._evidence.images)

    @property
    @override
    def layers(self) -> tuple[str, ...]:
        return self._layers

    @property
    @override
    def seeds(self) -> tuple[int, ...]:
        return self._evidence.seeds

    @property
    @override
    def score(self) -> Tensor:
        return readable(self._evidence.score)

    @property
    @override
    def classes(self) -> Tensor:
        return self._evidence.classes

    @property
    @override
    def model(self) -> nn.Module:
        return self._evidence.network

    @override
    def target(self, image: int) -> Callable[[Tensor], Tensor]:
        target, explained = self._evidence.target, self.classes[image]

        def score(logits: Tensor) -> Tensor:
            rows = logits.view(-1, logits.shape[-1])
            return target.score_of(rows, explained.expand(len(rows))).view(logits.shape[:-1])

        return score

    @override
    def activation(self, layer: str) -> Tensor:
        return self._evidence.activation(layer)

    @override
    def gradient(self, layer: str) -> Tensor:
        return self._evidence.gradient(layer, *self._rules)

    @override
    def weighted_map(self, layer: str) -> Tensor:
        return self._evidence.weighted_map(self._spec, layer)

    @override
    def input_gradient(self) -> Tensor:
        return self._evidence.gradient(INPUT, *self._rules)

    @override
    def guided_gradient(self) -> Tensor:
        return self._evidence.gradient(INPUT, Filter(0), None)

    @override
    def bias_gradients(self) -> dict[str, Tensor]:
        parts = self._evidence.bias_gradients(*self._rules)
        if self._rules == (None, None) and "input" in METHODS[self._spec.name].reads:
            self._note_incomplete([self.input * self.input_gradient(), *parts.values()])
        return parts

    @override
    def once(self, key: Hashable, compute: Callable[[], Computed]) -> Computed:
        def with_notes() -> tuple[Computed, dict[int, Note]]:
            before, self.notes = self.notes, {}
            try:
                return compute(), self.notes
            finally:
                self.notes = before

        # Whoever reads a result that another spec has computed is told what was noted then.
        computed, notes = self._evidence.once(self._rules, key, with_notes)
        self.notes |= notes
        return computed

    @override
    def scores(self, image: int, count: int, build: Build) -> Tensor:
        return self._evidence.queries.scores(image, count, build)

    @override
    def scores_behind(self, layer: str, image: int, count: int, build: Build) -> Tensor:
        return self._evidence.queries.scores_behind(layer, image, count, build)

    @override
    def deep_lift(self, layer: str) -> Tensor:
        return self._checked(layer, self._evidence.queries.deep_lift)

    @override
    def relevance(self, layer: str) -> Tensor:
        return self._checked(layer, self._evidence.queries.relevance)

    @override
    def class_weights(self) -> Tensor:
        if self.layers[-1:] != self._evidence.anatomy.stages[-1:]:
            raise NotApplicableError("the weights behind the pooling belong to the last stage alone")
        return self._evidence.class_weights()

    @override
    def note(self, image: int, text: str, deviation: float = 0.0) -> None:
        note = Note(text, deviation)
        self.notes[image] = self.notes[image].joined(note) if image in self.notes else note

    @property
    @override
    def inner(self) -> InnerMethod:
        return VariantExplainer(self._evidence, replace(self._spec, wrapper=""), self.classes, self.notes)

    def _note_incomplete(self, parts: Sequence[Tensor]) -> None:
        """Note where `parts`, (B, ...) each, do not add up to the score: the network is not piecewise linear then."""
        total = sum((part.double().flatten(1).sum(1) for part in parts), torch.zeros_like(self.score).double())
        largest = readable(self._evidence.logits).abs().amax(1).double()
        missed = (total - self.score).abs() / torch.maximum(largest, total.abs())
        for image, share in enumerate(missed.tolist()):
            if not share <= COMPLETE:
                self.note(image, "its parts do not add up to the score", share)

    def _checked(self, layer: str, propagate: Callable[[str, int, Tensor], Propagated]) -> Tensor:
        """Return what is propagated to `layer`, image by image; note where it does not add up."""
        results = [propagate(layer, image, one) for image, one in enumerate(self.activation(layer))]
        for image, result in enumerate(results):
            if not result.missed <= COMPLETE:
                self.note(image, f"not exact at {layer}", result.missed)
        return torch.stack([result.values for result in results])


class VariantExplainer(InnerMethod):
    """Explains variants of a batch's images by a spec, for the wrapper around that spec."""

    def __init__(self, evidence: Evidence, spec: MethodSpec, classes: Tensor, notes: dict[int, Note]) -> None:
        """Explain the `classes`, (B,) int64, of the images of `evidence` by `spec`, which has no wrapper.

        The worst note on the variants of an image is put into `notes`, under the image's number.
        """
        self._evidence, self._spec, self._classes, self._notes = evidence, spec, classes, notes

    @property
    @override
    def runner_up(self) -> InnerMethod | None:
        logits = self._evidence.logits.detach()
        if logits.shape[1] == 1:
            return None
        others = logits.scatter(1, self._classes[:, None], -torch.inf)
        return VariantExplainer(self._evidence, self._spec, others.argmax(1), self._notes)

    @override
    def maps(self, sources: Sequence[int], build: Build) -> Tensor:
        def run(first: int, last: int) -> Tensor:
            variants = build(first, last)
            with self._refusing_sizes(variants):
                evidence = self._evidence.for_variants(variants, sources[first:last], self._classes, self._spec)
            view = View(evidence, self._spec)
            values = heatmap(self._spec, view).values
            for number, note in view.notes.items():
                self._note(sources[first + number], note)
            return values

        return self._in_chunks(run, sources, build, GRAPH_FACTOR)

    @override
    def probabilities(self, sources: Sequence[int], build: Build) -> Tensor:
        classes = self._classes[list(sources)]

        def run(first: int, last: int) -> Tensor:
            variants = build(first, last)
            with self._refusing_sizes(variants):
                logits = self._evidence.queries.logits(variants)
            if logits.shape[1] == 1:
                return self._evidence.target.score_of(logits, torch.zeros_like(logits[:, 0]).long()).sigmoid()
            return logits.softmax(1).gather(1, classes[first:last, None])[:, 0]

        return self._in_chunks(run, sources, build, INFERENCE_FACTOR)

    def _note(self, image: int, note: Note) -> None:
        known = self._notes.get(image)
        if known is None or note.deviation > known.deviation:
            self._notes[image] = Note(f"in a variant: {note.text}", note.deviation)

    def _in_chunks(
        self, run: Callable[[int, int], Tensor], sources: Sequence[int], build: Build, factor: float
    ) -> Tensor:
        evidence = self._evidence
        larger = math.prod(build(0, 1).shape[2:]) / math.prod(evidence.images.shape[2:])
        size = evidence.queries.fitting(evidence.anatomy.layers.values(), factor * larger)
        return evidence.queries.in_chunks(run, len(sources), size)

    @contextmanager
    def _refusing_sizes(self, variants: Tensor) -> Iterator[None]:
        """Turn whatever a network raises at another size than the batch's into `NotApplicableError`."""
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
