"""The gradient rules: truncation at a layer and filtering-guided backpropagation.

Both keep, of each feature map of each image, the gradient values that reach the δ-th percentile of that
map's positive values; they differ in where they do it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from methods.errors import NotApplicableError

RULES = ("fgbp", "lt")
"""The rules' names in the order in which they act: on the way back through the network, then at the layer."""

FILTERED = frozenset({"Relu", "LeakyRelu"})
REFUSED = frozenset({"Elu", "Gelu", "Hardsigmoid", "Hardswish", "Hardtanh", "Mish", "PreluKernel", "Silu", "Softplus"})
"""Activations as autograd calls them; in place they end in ``Backward1`` instead of ``Backward0``."""


def positive_percentile(gradient: Tensor, delta: float) -> Tensor:
    """Return the δ-th percentile of the positive values of each feature map.

    Equal to ``numpy.percentile(values[values > 0], delta, method="higher")``.

    Args:
        gradient: (B, K, h, w), or any other number of dimensions behind K: one feature map an image and channel;
            or (B, K): one feature map an image.
        delta: in percent, 0 to 100.

    Returns:
        Thresholds, (B, K, 1, 1) or (B, 1), that broadcast; infinite where a feature map has no positive value.
    """
    values = gradient.flatten(2) if gradient.dim() > 2 else gradient[:, None]
    positive = values > 0
    ordered = torch.where(positive, values, torch.inf).sort(-1).values
    last = positive.sum(-1, keepdim=True) - 1
    rank = (last.double() * (delta / 100)).ceil().long().clamp(min=0)
    threshold = ordered.gather(-1, rank)
    positions = gradient.dim() - 2
    return threshold.view(*gradient.shape[:2], *[1] * positions) if positions else threshold[:, 0]


def truncate(gradient: Tensor, delta: float) -> Tensor:
    """Return `gradient` where it reaches its feature map's δ-th positive percentile, else 0.

    LTGrad-CAM paper (Dong et al. 2025), eq. 9; RA-CAM paper (Dong et al.), eq. 6. δ = 0 keeps all positive values.

    Args:
        gradient: (B, K, h, w) or (B, K).
        delta: in percent, 0 to 100.
    """
    return gradient * (gradient >= positive_percentile(gradient, delta))


@contextmanager
def filtering(score: Tensor, delta: float) -> Iterator[None]:
    """Filter every gradient that enters a ReLU on its way back from `score`, within the context.

    RA-CAM paper, eq. 5, with the activation's own slope in place of its mask: at a ReLU with input x the
    gradient g at its output becomes act'(x) · g · [g >= t]. δ = 0 is guided backpropagation. The hooks sit on the
    graph of this one forward pass: the network is not touched, and functional, reused and in-place ReLUs
    are filtered alike.

    Args:
        score: differentiable; its graph is walked.
        delta: in percent, 0 to 100.

    Raises:
        NotApplicableError: the graph holds an activation that the rule is not defined for.
    """
    handles = []
    try:
        for node in _nodes(score):
            kind, _, _ = node.name().partition("Backward")
            if kind in REFUSED:
                raise NotApplicableError(f"fgbp filters ReLU and leaky ReLU, and this network uses {kind}")
            if kind in FILTERED:
                handles.append(node.register_prehook(lambda gradients: (truncate(gradients[0], delta),)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _nodes(score: Tensor) -> Iterator[torch.autograd.graph.Node]:
    """Yield every node of the graph behind `score` once."""
    waiting, seen = [score.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting.extend(next_node for next_node, _ in node.next_functions)
