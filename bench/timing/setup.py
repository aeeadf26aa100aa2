"""What works are timed on: a network, random images and random masks, at one precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bench.classifiers.networks import NetworkConfig, build, prepare
from bench.network.anatomy import Anatomy, examine
from bench.network.targets import Target
from results.store.timings import Conditions

PRECISIONS = ("fp32", "tf32", "bf16")
MULTIPLYING: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)  # type: ignore[attr-defined]
"""What tells a GPU at which precision it may multiply float32."""


@dataclass(frozen=True)
class Case:
    """One set of conditions.

    Attributes:
        network: that is timed.
        weights: ``none``, ``imagenet`` or a file, as in `bench.classifiers.networks.build`.
        size: (height, width) of the images, in pixels.
        batch: images at once.
        device: where.
        precision: a name in `PRECISIONS`.
    """

    network: NetworkConfig
    weights: str
    size: tuple[int, int]
    batch: int
    device: torch.device
    precision: str = "fp32"

    @property
    def conditions(self) -> Conditions:
        """Return the same in words."""
        network = self.network
        weights = self.weights if self.weights in {"none", "imagenet"} else Path(self.weights).name
        text = f"{network.name} ({network.head} head, {network.activation}, weights {weights})"
        return Conditions(self.device.type, self.precision, text, *self.size, self.batch)


@dataclass(frozen=True, eq=False)
class Subject:
    """A network in evaluation mode and what it is shown, all on one device.

    Attributes:
        network: gives out logits.
        anatomy: of the network.
        images: (B, C, H, W) noise, prepared as the network expects it.
        masks: (B, H, W) bool, at random.
        target: the score that is explained.
    """

    network: nn.Module
    anatomy: Anatomy
    images: Tensor
    masks: Tensor
    target: Target


def subject(case: Case) -> Subject:
    """Build the network, and make images and masks from a seed.

    Raises:
        BenchError: there is no such network, or its weights cannot be had.
    """
    network = build(case.network, weights=case.weights).to(case.device).eval()
    drawing = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (case.batch, case.network.channels, *case.size), generator=drawing)
    masks = torch.rand(case.batch, *case.size, generator=drawing) < 0.1
    images = prepare(noise.to(case.device), case.network)
    anatomy = examine(network, images[:1])
    if case.precision == "bf16":
        # Whatever runs the network runs it so, also the part of it behind a layer; what reads its outputs does not.
        vars(network)["forward"] = torch.autocast(case.device.type, torch.bfloat16)(network.forward)
    return Subject(network, anatomy, images, masks.to(case.device), Target())


@contextmanager
def multiplying(precision: str) -> Iterator[None]:
    """Let GPUs multiply float32 as tf32 within the context, or forbid it."""
    before = [one.fp32_precision for one in MULTIPLYING]
    for one in MULTIPLYING:
        one.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        yield
    finally:
        for one, settings in zip(MULTIPLYING, before, strict=True):
            one.fp32_precision = settings
