"""What a network says to many variants of one image, or of a layer's output."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from bench.anatomy import Anatomy, Layer
from bench.calls import evaluating
from bench.memory import fitting
from bench.replay import Replay
from bench.targets import Target

LARGEST_CHUNK = 64
INFERENCE_FACTOR = 1.5
"""Outputs that are alive at once, and workspace, take less than this many times the bytes of all modules' outputs."""

Kind = TypeVar("Kind", bound="Probe")
Build = Callable[[int, int], Tensor]
"""(first, last) -> the variants with these numbers, `last` not included."""


class Probe:
    """Scores variants in chunks that fit into memory; no result depends on the size of a chunk."""

    def __init__(
        self, network: nn.Module, anatomy: Anatomy, images: Tensor, target: Target, classes: Tensor, chunk: int | None
    ) -> None:
        """Explain the `classes`, (B,), of `images`, (B, C, H, W), with `chunk` variants at once, or as many as fit."""
        self._network, self._anatomy, self._images = network, anatomy, images
        self._target, self._classes, self._chunk = target, classes, chunk
        self._replay: tuple[tuple[str, int], Replay] | None = None

    def as_type(self, kind: type[Kind]) -> Kind:
        """Return a probe of another class that looks at the same."""
        return kind(self._network, self._anatomy, self._images, self._target, self._classes, self._chunk)

    def scores(self, image: int, count: int, build: Build) -> Tensor:
        """Return the target's score, (count,), of variants (n, C, H, W) of one image."""
        layers = self._anatomy.layers.values()

        def run(variants: Tensor) -> Tensor:
            with evaluating(self._network), torch.no_grad():
                logits: Tensor = self._network(variants)
            return logits

        return self._in_chunks(run, image, count, build, self._fitting(list(layers)))

    def scores_behind(self, layer: str, image: int, count: int, build: Build) -> Tensor:
        """Return the target's score, (count,), of variants (n, K, h, w) of one image's output of `layer`."""
        names = list(self._anatomy.layers)
        behind = [self._anatomy.layers[name] for name in names[names.index(layer) :]]
        if self._replay is None or self._replay[0] != (layer, image):
            self._replay = (layer, image), Replay(self._network, layer, self._images[image : image + 1])
        return self._in_chunks(self._replay[1], image, count, build, self._fitting(behind))

    def _fitting(self, layers: list[Layer]) -> int:
        return self._chunk or fitting(layers, self._images.device, factor=INFERENCE_FACTOR, most=LARGEST_CHUNK)

    def _in_chunks(self, run: Callable[[Tensor], Tensor], image: int, count: int, build: Build, size: int) -> Tensor:
        parts: list[Tensor] = []
        first = 0
        while first < count:
            last = min(first + size, count)
            try:
                logits = run(build(first, last))
            except torch.OutOfMemoryError:
                if size == 1:
                    raise
                size = self._chunk = size // 2
                warnings.warn(f"out of memory: going on with {size} forward passes at once", stacklevel=2)
                continue
            parts.append(self._target.score_of(logits, self._classes[image].expand(len(logits))))
            first = last
        return torch.cat(parts) if parts else self._images.new_empty(0)
