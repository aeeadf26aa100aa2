"""Twins of methods/catalogue/chance.py."""

import math

import numpy as np
import torch

from tests.helpers.twins.registry import evidence_twin


@evidence_twin("random")
def random(view):
    """Noise on the layer's grid, each image's from its own seed."""
    height, width = view.activation(view.layers[-1]).shape[2:]
    generators = [torch.Generator().manual_seed(seed) for seed in view.seeds]
    return np.stack([torch.rand(height, width, generator=one).numpy() for one in generators])


@evidence_twin("centre")
def centre(view):
    """A Gaussian whose standard deviations are a quarter of the way between the outermost pixels."""
    count, _, height, width = view.input.shape
    out = np.zeros((count, height, width))
    for b, i, j in np.ndindex(out.shape):
        down, right = ((2 * at - (side - 1)) / (side - 1) * 2 for at, side in ((i, height), (j, width)))
        out[b, i, j] = math.exp(-(down**2) / 2) * math.exp(-(right**2) / 2)
    return out


@evidence_twin("every-pixel")
def every_pixel(view):
    count, _, height, width = view.input.shape
    out = np.ones((count, height, width))
    for b in range(count):
        out[b, 0, 0] = 0
    return out
