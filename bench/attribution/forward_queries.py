"""Scores of many variants of one image, or of a layer's output for it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import cached_property, partial

import torch
from torch import Tensor, nn

from bench.attribution.deep_lift import deep_lift
from bench.attribution.graph_rules import Propagated
from bench.attribution.lrp import relevance
from bench.network.anatomy import Anatomy, Layer
from bench.network.batch_size import fitting
from bench.network.checking import logits_of
from bench.network.partial_forward import PartialForward
from bench.network.targets import Target
from bench.network.tracing import evaluating, readable
from methods.contract import Build

LARGEST_CHUNK = 64
INFERENCE_FACTOR = 1.5
"""Without gradients, a forward pass takes less than this many times the bytes of all modules' outputs."""

Run = Callable[[int, int], Tensor]
"""(first, last) -> results of the variants with these numbers, `last` not included, (n, ...)."""


class ForwardQueries:
    """Runs a network on variants, in chunks that fit into memory; no result depends on the size of a chunk.

    Attributes:
        chunk: number of variants that run at once; None: as many as fit.
    """

    def __init__(
        self, network: nn.Module, anatomy: Anatomy, images: Tensor, target: Target, classes: Tensor, chunk: int | None
    ) -> None:
        """Answer questions about the `classes`, (B,), of `images`, (B, C, H, W)."""
        self._network, self._anatomy, self._images = network, anatomy, images
        self._target, self._classes, self.chunk = target, classes, chunk
        self._replay: tuple[tuple[str, int, bool], PartialForward] | None = None

    def logits(self, images: Tensor) -> Tensor:
        """Return the network's output, (n, classes), without gradients."""
        with evaluating(self._network), torch.no_grad():
            given = images.to(self._images.dtype, memory_format=self._memory_format)
            return readable(logits_of(self._network(given)))

    @cached_property
    def _memory_format(self) -> torch.memory_format:
        """Channels last is a third faster on a CPU, unless a `view` in the network rules it out."""
        if self._images.device.type == "cpu":
            try:
                self._network(self._images[:1].contiguous(memory_format=torch.channels_last))
            except RuntimeError:
                return torch.contiguous_format
            return torch.channels_last
        return torch.contiguous_format

    def scores(self, image: int, count: int, build: Build) -> Tensor:
        """Return the target's score, (count,), of `count` variants, (n, C, H, W), of one image."""

        def run(first: int, last: int) -> Tensor:
            return self._score(image, self.logits(build(first, last)))

        return self.in_chunks(run, count, self.fitting(self._anatomy.layers.values()))

    def scores_behind(self, layer: str, image: int, count: int, build: Build) -> Tensor:
        """Return the target's score, (count,), of `count` variants, (n, K, h, w), of one image's output of `layer`."""
        names = list(self._anatomy.layers)
        behind = [self._anatomy.layers[name] for name in names[names.index(layer) :]]
        replay = self._behind(layer, image)

        def run(first: int, last: int) -> Tensor:
            return self._score(image, replay(build(first, last)))

        return self.in_chunks(run, count, self.fitting(behind))

    def deep_lift(self, layer: str, image: int, activation: Tensor) -> Propagated:
        """Return what each value of one image's output of `layer`, (K, h, w), contributes to the target's score."""
        with self._exact():
            return deep_lift(self._behind(layer, image), activation, partial(self._score, image))

    def relevance(self, layer: str, image: int, activation: Tensor) -> Propagated:
        """Return the relevance of each value of one image's output of `layer`, (K, h, w), for the target's class."""
        with self._exact():
            behind, explained = self._behind(layer, image), int(self._classes[image])
            return relevance(behind, activation, explained, absent=self._target.is_good)

    def fitting(self, layers: Iterable[Layer], factor: float = INFERENCE_FACTOR) -> int:
        """Return how many variants run at once; see `bench.network.batch_size.fitting`."""
        return self.chunk or fitting(layers, self._images.device, factor=factor, most=LARGEST_CHUNK)

    def in_chunks(self, run: Run, count: int, size: int) -> Tensor:
        """Return the results of `run` for `count` variants, (count, ...), `size` or fewer of them at once."""
        parts: list[Tensor] = []
        first = 0
        while first < count:
            last = min(first + size, count)
            try:
                parts.append(run(first, last))
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                size = self.chunk = size // 2
                warnings.warn(f"out of memory: going on with {size} forward passes at once", stacklevel=2)
                continue
            first = last
        return torch.cat(parts) if parts else self._images.new_empty(0)

    def _exact(self) -> torch.autocast:
        """Compute without autocast: what is shared by quotients of small differences does not stand rounding."""
        return torch.autocast(self._images.device.type, enabled=False)

    def _behind(self, layer: str, image: int) -> PartialForward:
        key = layer, image, torch.is_autocast_enabled(self._images.device.type)
        if self._replay is None or self._replay[0] != key:
            layout, one = self._anatomy.layers[layer].layout, self._images[image : image + 1]
            self._replay = key, PartialForward(self._network, layer, one, layout)
        return self._replay[1]

    def _score(self, image: int, logits: Tensor) -> Tensor:
        return self._target.score_of(logits, self._classes[image].expand(len(logits)))


MakeQueries = Callable[[nn.Module, Anatomy, Tensor, Target, Tensor, int | None], ForwardQueries]
"""(network, anatomy, images, target, classes, chunk) -> what runs the network on variants of these images."""
