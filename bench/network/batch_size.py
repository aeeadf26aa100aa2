"""How many images fit into the free memory of a device."""

from __future__ import annotations

import math
from collections.abc import Iterable

import psutil
import torch

from bench.network.anatomy import Layer

MEMORY_SHARE = 0.4
GRAPH_FACTOR = 3
"""Outputs, gradients and workspace together take about this many times the bytes of all modules' outputs."""


def fitting(layers: Iterable[Layer], device: torch.device, *, factor: float, most: int) -> int:
    """Return how many images, 1 to `most`, fit into the free memory; no result may depend on it.

    Args:
        layers: whose outputs are held.
        device: on which they are held.
        factor: memory that one image takes, as a multiple of the bytes of these outputs.
        most: the largest number that is returned.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    else:
        free = psutil.virtual_memory().available
    image = factor * sum(4 * math.prod(layer.shape) for layer in layers)
    return max(1, min(most, int(MEMORY_SHARE * free / max(image, 1))))
