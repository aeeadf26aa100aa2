"""CAM, the method that the others generalise."""

from __future__ import annotations

from torch import Tensor

from methods.contract import EvidenceView
from methods.registry import evidence_method


@evidence_method("cam", paper="Zhou et al. 2016, eq. 2; with the ReLU of Grad-CAM")
def cam(view: EvidenceView) -> Tensor:
    """Σ_k w_k A_k, (B, h, w), w the target's weights in the one linear layer behind the pooling.

    Raises:
        NotApplicableError: the network does not end in global average pooling and one linear layer.
    """
    weight = view.class_weights()
    return (weight[:, :, None, None] * view.activation(view.layers[-1])).sum(1)
