"""Methods that weight each channel by its contribution to the score, passed back by rules that conserve it."""

from __future__ import annotations

from torch import Tensor

from methods.contract import EvidenceView
from methods.registry import evidence_method


@evidence_method("lift-cam", paper="Jung and Oh 2021, with DeepLIFT of Shrikumar et al. 2017")
def lift_cam(view: EvidenceView) -> dict[str, Tensor]:
    """Σ_k w_k A_k by layer, (B, h, w), w_k the DeepLIFT contribution of all of channel k, the reference being 0.

    As the authors' code has it: contributions with a reference of zeros, summed over positions.
    """
    return {layer: _weighted(view, layer, view.deep_lift(layer).sum((2, 3))) for layer in view.layers}


@evidence_method("relevance-cam", paper="Lee et al. 2021, with contrastive relevance propagation of Gu et al. 2018")
def relevance_cam(view: EvidenceView) -> dict[str, Tensor]:
    """Σ_k w_k A_k by layer, (B, h, w), w_k the spatial mean of channel k's relevance.

    The rules are those of the authors' code, which shares by positive contributions in linear layers too; by our
    reading no bias takes a share (there it takes one in convolutions), so that relevance is conserved.
    """
    return {layer: _weighted(view, layer, view.relevance(layer).mean((2, 3))) for layer in view.layers}


def _weighted(view: EvidenceView, layer: str, weight: Tensor) -> Tensor:
    return (weight[:, :, None, None] * view.activation(layer)).sum(1)
