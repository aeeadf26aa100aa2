"""FullGrad: the contributions of the input and of every bias to the score, layer by layer."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.contract import EvidenceView
from methods.errors import MethodError
from methods.registry import evidence_method

SCALINGS = {"layer": (1, 2, 3), "channel": (2, 3)}
"""Dimensions of (B, K, h, w) over which a part is scaled to its range."""


@evidence_method(
    "full-grad", layers="convs", paper="Srinivas and Fleuret 2019, eq. 3 and 5", rules=True, reads=("biases", "input")
)
def full_grad(view: EvidenceView, *, scaling: str = "layer") -> dict[str, Tensor]:
    """Σ_c ψ(x_c · ∂y/∂x_c), and Σ_k ψ(b_k · ∂y/∂b_k) for every layer; ψ scales absolute values to [0, 1].

    Of the full gradient f(x) = ∇f·x + Σ b·g, linear layers are left out, since they have no positions. Truncation acts
    on the gradient at a layer's output and never on that at the input; a filter acts on the way to both.

    Args:
        view: of the evidence.
        scaling: ``layer`` scales all channels of a layer together, as the authors' code does; ``channel`` scales each
            alone, as pytorch-grad-cam does, which gives every channel the same weight.

    Returns:
        (B, H, W) under ``input``, (B, h, w) under the name of each layer.

    Raises:
        NotApplicableError: a layer has a bias that cannot be read, or runs several times.
        MethodError: there is no such scaling.
    """
    if scaling not in SCALINGS:
        raise MethodError(f"full-grad: scaling is {' or '.join(SCALINGS)}, not {scaling!r}")
    parts = {"input": view.input * view.input_gradient()} | view.bias_gradients()
    return {layer: _summed(part.abs_(), SCALINGS[scaling]) for layer, part in parts.items() if part.dim() == 4}


def _summed(sizes: Tensor, over: tuple[int, ...]) -> Tensor:
    """Scale (B, K, h, w) to [0, 1] over some dimensions, what has no range to 0, and sum over the channels, (B, h, w).

    Σ (s - min) / range is Σ s / range less a constant, so that nothing more of the size of a layer is made.
    """
    lowest = sizes.amin(over, keepdim=True)
    span = sizes.amax(over, keepdim=True) - lowest
    factor = torch.where(span > 0, 1 / span, 0).expand(-1, sizes.shape[1], 1, 1)
    return torch.einsum("bkhw,bkij->bhw", sizes, factor) - (factor * lowest).sum(1)
