"""Baselines of chance: heatmaps that know nothing of the defect."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.contract import EvidenceView
from methods.registry import evidence_method


@evidence_method("random", paper="none: uniform noise", chance=True)
def random(view: EvidenceView) -> Tensor:
    """Uniform noise in [0, 1) on the grid of the layer, (B, h, w), drawn from each image's seed."""
    like = view.activation(view.layers[-1])
    shape = like.shape[2:]
    noise = [torch.rand(shape, generator=torch.Generator().manual_seed(seed)) for seed in view.seeds]
    return torch.stack(noise).to(like)


@evidence_method("centre", paper="none: a Gaussian in the middle of the image", chance=True)
def centre(view: EvidenceView) -> Tensor:
    """exp(-(r² + c²) / 2), (B, H, W), rows r and columns c from -2 to 2: a deviation of a quarter of each side."""
    height, width = view.input.shape[2:]
    rows, columns = (torch.linspace(-2, 2, side, device=view.input.device).square() for side in (height, width))
    gaussian = torch.exp(-(rows[:, None] + columns[None, :]) / 2)
    return gaussian.expand(len(view.input), height, width)


@evidence_method("every-pixel", paper="none: every pixel is called defective", chance=True)
def every_pixel(view: EvidenceView) -> Tensor:
    """One everywhere except in one corner pixel, (B, H, W), since a constant map would count as no prediction."""
    ones = torch.ones_like(view.input[:, 0])
    ones[:, 0, 0] = 0
    return ones
