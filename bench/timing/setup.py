"""On what workloads are timed: a network, random images and random masks, at one precision."""

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
MATMUL_SETTINGS: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)  # type: ignore[attr-defined]
"""What tells a GPU at which precision it may multiply float32."""


@dataclass(frozen=True)
class TimingConfig:
    """Everything that the time of a workload depends on, apart from the machine.

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
        """The same as it stands in a report."""
        network = self.network
        weights = self.weights if self.weights in {"none", "imagenet"} else Path(self.weights).name
        text = f"{network.name} ({network.head} head, {network.activation}, weights {weights})"
        return Conditions(self.device.type, self.precision, text, *self.size, self.batch)


@dataclass(frozen=True, eq=False)
class Testbed:
    """A network in evaluation mode and a batch for it, on one device.

    Attributes:
        network: outputs logits.
        anatomy: of the network.
        images: (B, C, H, W) noise, prepared as the network expects it.
        masks: (B, H, W) bool, random.
        target: the score that is explained.
    """

    network: nn.Module
    anatomy: Anatomy
    images: Tensor
    masks: Tensor
    target: Target


def build_testbed(config: TimingConfig) -> Testbed:
    """Build the network, and draw images and masks from a fixed seed.

    Raises:
        BenchError: there is no such network, or its weights cannot be had.
    """
    network = build(config.network, weights=config.weights).to(config.device).eval()
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (config.batch, config.network.channels, *config.size), generator=generator)
    masks = torch.rand(config.batch, *config.size, generator=generator) < 0.1
    images = prepare(noise.to(config.device), config.network)
    anatomy = examine(network, images[:1])
    if config.precision == "bf16":
        # Whatever runs the network runs it so, also the part of it behind a layer; what reads its outputs does not.
        vars(network)["forward"] = torch.autocast(config.device.type, torch.bfloat16)(network.forward)
    return Testbed(network, anatomy, images, masks.to(config.device), Target())


@contextmanager
def matmul_precision(precision: str) -> Iterator[None]:
    """Allow GPUs to multiply float32 as tf32 within the context if `precision` is tf32, or forbid it."""
    before = [one.fp32_precision for one in MATMUL_SETTINGS]
    for one in MATMUL_SETTINGS:
        one.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        yield
    finally:
        for one, setting in zip(MATMUL_SETTINGS, before, strict=True):
            one.fp32_precision = setting
