"""Methods that project onto the first principal direction of the channels."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.contract import EvidenceView
from methods.registry import evidence_method, gradient_method


@evidence_method("eigen-cam", paper="Muhammad and Yeasin 2020, eq. 2-3; its sign by our choice")
def eigen_cam(view: EvidenceView) -> dict[str, Tensor]:
    """A v by layer, (B, h, w), v the first right singular vector of A, (h w, K), not centred; no class is explained."""
    return {layer: _projected(view.activation(layer)) for layer in view.layers}


@gradient_method("eigen-grad-cam", paper="pytorch-grad-cam, EigenGradCAM; not centred")
def eigen_grad_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """(g A) v, (B, h, w), v the first right singular vector of the product g A, (h w, K), not centred."""
    return _projected(gradient * activation)


def _projected(features: Tensor) -> Tensor:
    """Project (B, K, h, w) onto the first singular direction of its channels, so that the map follows their sum.

    The smaller of the two Gram matrices is decomposed, so that nothing of the size (h w, h w) is made for deep layers
    and nothing of (K, K) for wide ones.
    """
    images, channels, height, width = features.shape
    rows = features.flatten(2).double()  # (B, K, h w): a Gram matrix squares the condition number
    if channels <= height * width:
        vectors: Tensor = torch.linalg.eigh(rows @ rows.mT).eigenvectors
        projected = (rows * vectors[:, :, -1:]).sum(1)
    else:
        values, vectors = torch.linalg.eigh(rows.mT @ rows)
        projected = values[:, -1:].clamp(min=0).sqrt() * vectors[:, :, -1]
    sign = torch.where((projected * rows.sum(1)).sum(1, keepdim=True) < 0, -1.0, 1.0)
    signed: Tensor = sign * projected
    return signed.view(images, height, width).to(features)
