"""Guided Grad-CAM: where Grad-CAM and guided backpropagation agree."""

from __future__ import annotations

from torch import Tensor

from methods.catalogue.gradient import grad_cam
from methods.contract import EvidenceView
from methods.fusing import upsample
from methods.registry import evidence_method


@evidence_method("guided-grad-cam", paper="Selvaraju et al. 2017, section 3.2", rules=True, reads=("input", "guided"))
def guided_grad_cam(view: EvidenceView) -> Tensor:
    """U · Σ_c |G_c|, (B, H, W), U the upsampled map of Grad-CAM and G the guided gradient at the image's channels c.

    G is that of guided backpropagation, (B, C, H, W). Rules act on Grad-CAM alone.
    """
    layer, size = view.layers[-1], (view.input.shape[2], view.input.shape[3])
    coarse = upsample(grad_cam(view.activation(layer), view.gradient(layer)).relu(), size)
    return coarse * view.guided_gradient().abs().sum(1)
