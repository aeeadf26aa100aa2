"""Blurring by a Gaussian."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad


def blurred(images: Tensor, side: int, deviation: float) -> Tensor:
    """Blur each plane of (n, H, W) by a Gaussian of `side` x `side` pixels; edge pixels are repeated.

    Args:
        images: (n, H, W).
        side: of the window, in pixels; odd.
        deviation: of the Gaussian, in pixels.
    """
    half = side // 2
    offsets = torch.arange(side, device=images.device, dtype=images.dtype) - half
    weight = torch.exp(-(offsets**2) / (2 * deviation**2))
    weight = (weight / weight.sum()).view(1, 1, 1, -1)
    wide = conv2d(pad(images[:, None], (half, half, 0, 0), "replicate"), weight)
    return conv2d(pad(wide, (0, 0, half, half), "replicate"), weight.transpose(2, 3))[:, 0]
