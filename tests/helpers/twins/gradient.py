"""Twins of methods/catalogue/gradient.py."""

import numpy as np

from tests.helpers.twins.arithmetic import relu, weighted_sum
from tests.helpers.twins.registry import gradient_twin


@gradient_twin("grad-cam")
def grad_cam(a, g):
    """Selvaraju et al. 2017, eq. 1: the weight is (1/Z) Σ_i Σ_j ∂y/∂A_ij; eq. 2: ReLU(Σ_k w_k A_k)."""
    channels, height, width = a.shape
    weight = []
    for k in range(channels):
        total = 0.0
        for i, j in np.ndindex(height, width):
            total += g[k, i, j]
        weight.append(total / (height * width))
    return weighted_sum(weight, a)


@gradient_twin("grad-cam++")
def grad_cam_plus_plus(a, g):
    """Chattopadhay et al. 2018, eq. 19, for a score exp(y) on a piecewise linear network; then eq. 10.

    Its first, second and third derivative are exp(y) times g, g² and g³, so exp(y) leaves eq. 19, and in
    eq. 10 it is one factor of the whole map.
    """
    channels, height, width = a.shape
    weight = []
    for k in range(channels):
        total = 0.0
        for m, n in np.ndindex(height, width):
            total += a[k, m, n]
        w = 0.0
        for i, j in np.ndindex(height, width):
            first, second, third = g[k, i, j], g[k, i, j] ** 2, g[k, i, j] ** 3
            alpha = second / (2 * second + total * third) if first else 0.0
            w += alpha * relu(first)
        weight.append(w)
    return weighted_sum(weight, a)


@gradient_twin("xgrad-cam")
def xgrad_cam(a, g):
    """Fu et al. 2020, eq. 6-7: the weight is Σ_ij (A_ij / Σ_ij A_ij) ∂y/∂A_ij."""
    channels, height, width = a.shape
    weight = []
    for k in range(channels):
        total = 0.0
        for i, j in np.ndindex(height, width):
            total += a[k, i, j]
        w = 0.0
        for i, j in np.ndindex(height, width):
            w += a[k, i, j] / total * g[k, i, j]
        weight.append(w)
    return weighted_sum(weight, a)


def position_by_position(a, g, term):
    channels, height, width = a.shape
    out = np.zeros((height, width))
    for i, j in np.ndindex(height, width):
        out[i, j] = sum(term(a[k, i, j], g[k, i, j]) for k in range(channels))
    return out


@gradient_twin("hires-cam")
def hires_cam(a, g):
    """Draelos and Carin 2020, eq. 4, and the ReLU of Grad-CAM."""
    return np.maximum(position_by_position(a, g, lambda a_ij, g_ij: g_ij * a_ij), 0)


@gradient_twin("layer-cam")
def layer_cam(a, g):
    """Jiang et al. 2021, eq. 5-7: the weight of a position is ReLU(∂y/∂A_ij)."""
    return np.maximum(position_by_position(a, g, lambda a_ij, g_ij: relu(g_ij) * a_ij), 0)


@gradient_twin("grad-cam-elementwise")
def grad_cam_elementwise(a, g):
    """What pytorch-grad-cam calls GradCAMElementWise: Σ_k ReLU(A g)."""
    return position_by_position(a, g, lambda a_ij, g_ij: relu(g_ij * a_ij))
