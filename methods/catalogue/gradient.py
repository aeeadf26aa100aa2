"""Gradient-weighted methods: each a plain function of one layer.

A is the layer's activation and g the gradient of the target's score with respect to it, both
(B, K, h, w); every map is (B, h, w), raw. The ReLU that ends the papers' equations stands where layers are joined.
"""

from __future__ import annotations

import torch
from torch import Tensor

from methods.registry import gradient_method

SMALL = 1e-6
"""Guard of a denominator, relative to the size of its terms: no result depends on the logit's scale."""


@gradient_method("grad-cam", paper="Selvaraju et al. 2017, eq. 1-2", additive=True)
def grad_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k w_k A_k, w_k the spatial mean of g_k."""
    weight = gradient.mean((2, 3), keepdim=True)
    return (weight * activation).sum(1)


@gradient_method("grad-cam++", paper="Chattopadhay et al. 2018, eq. 10 and 19", additive=True)
def grad_cam_plus_plus(activation: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k w_k A_k, w_k = Σ_ij α ReLU(g), α = g² / (2g² + g³ Σ_ab A).

    This is the closed form for a score exp(y) on a piecewise linear network. Divided by g² the denominator
    is 2 + g ΣA, so no epsilon has to be compared with g².
    """
    denominator = 2 + gradient * activation.sum((2, 3), keepdim=True)
    alpha = torch.where(denominator.abs() > SMALL, 1 / denominator, 0)
    weight = (alpha * gradient.relu()).sum((2, 3), keepdim=True)
    return (weight * activation).sum(1)


@gradient_method("xgrad-cam", paper="Fu et al. 2020", additive=True)
def xgrad_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k w_k A_k, w_k = Σ_ij g A / Σ_ij A; a channel whose activations cancel has no weight."""
    total = activation.sum((2, 3), keepdim=True)
    size = activation.abs().sum((2, 3), keepdim=True)
    share = (gradient * activation).sum((2, 3), keepdim=True) / total
    weight = torch.where(total.abs() > SMALL * size, share, 0)
    return (weight * activation).sum(1)


@gradient_method("hires-cam", paper="Draelos and Carin 2020; with the ReLU of Grad-CAM", additive=True)
def hires_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k g_k A_k, position by position."""
    return (gradient * activation).sum(1)


@gradient_method(
    "layer-cam",
    layers="stages",
    paper="Jiang et al. 2021",
    additive=True,
    remark="stages are summed, as in the papers by Dong et al.; its own paper joins them as layer-cam/stages=tanh",
)
def layer_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k ReLU(g_k) A_k, position by position.

    Stages are summed, as eq. 8 of the LTGrad-CAM paper has it. LayerCAM's own paper (eq. 9) takes the maximum of
    tanh(2 M / max M) instead: ``layer-cam/stages=tanh``.
    """
    return (gradient.relu() * activation).sum(1)


@gradient_method("grad-cam-elementwise", paper="pytorch-grad-cam, GradCAMElementWise", additive=True)
def grad_cam_elementwise(activation: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k ReLU(g_k A_k), position by position."""
    return (gradient * activation).relu().sum(1)
