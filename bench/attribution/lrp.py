"""Layer-wise relevance propagation: the score is shared among the values of a layer, and none of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from bench.attribution.graph_rules import (
    ELEMENTWISE,
    Arriving,
    GraphRules,
    Leaving,
    Propagated,
    Step,
    gradient_of,
    quotient,
    with_edge,
)
from bench.network.partial_forward import PartialForward
from methods.rules import Node

NORMALISATIONS = frozenset({"CudnnBatchNorm", "MiopenBatchNorm", "NativeBatchNorm"})
SUMS = frozenset({
    "AdaptiveAvgPool2D", "AdaptiveAvgPool3D", "Add", "AvgPool2D", "AvgPool3D", "Div", "Mean", "Mul", "Sub", "Sum",
})  # fmt: skip
"""Steps that share what arrives by what each input adds, as autograd calls them."""


def relevance(replay: PartialForward, activation: Tensor, explained: int, *, absent: bool = False) -> Propagated:
    """Return the relevance of each value of a layer's output for one class against the others.

    Layer-wise relevance propagation, Bach et al. 2015: convolutions and linear layers share what arrives by positive
    contributions, without their bias (the z+ rule); sums and means by all contributions (the z rule); a maximum gives
    everything to the position where it is found; activations and batch normalisations pass everything on. A product
    gives half to each factor, by our choice. It starts from 1 at the explained logit and from -1/N at each of the
    others (contrastive, Gu et al. 2018, with N classes as in the code of Lee et al. 2021); both have to arrive in full.

    Args:
        replay: of what lies behind the layer.
        activation: the layer's output, (K, h, w).
        explained: the class; 0 where there is one logit, and then there are no others.
        absent: with one logit, its absence is explained: it starts from -1.

    Raises:
        BenchError: the logits do not depend on the layer.
    """
    with torch.enable_grad():
        pair = torch.stack([activation, activation]).requires_grad_()
        with GraphRules(_conserve):
            logits = replay.differentiable(pair.clone())
        chosen = torch.zeros_like(logits[0])
        chosen[explained] = -1 if absent and len(chosen) == 1 else 1
        start = torch.stack([chosen, (1 - chosen.abs()) / len(chosen)])
        arrived = gradient_of(logits, pair, start)
    missed = (arrived.double().sum((1, 2, 3)) - start.double().sum(1)).abs().amax()
    return Propagated(arrived[0] - arrived[1], float(missed))


def _conserve(node: Node, step: Step) -> None:
    """Put the rules on a step: what arrives is shared among its inputs."""
    if step.kind in ELEMENTWISE | NORMALISATIONS:
        node.register_hook(partial(_pass_on, step))
    elif step.positive is not None:
        node.register_hook(partial(_by_positive, step, step.positive))
    elif step.kind in SUMS:
        node.register_prehook(lambda arriving: (quotient(arriving[0], step.output),))
        node.register_hook(partial(_times_inputs, step))


def _pass_on(step: Step, leaving: Leaving, arriving: Arriving) -> Leaving:
    edge, _ = step.first
    return with_edge(leaving, edge, arriving[0])


def _by_positive(step: Step, positive: Callable[[Tensor], Tensor], leaving: Leaving, arriving: Arriving) -> Leaving:
    edge, inputs = step.first
    with torch.enable_grad():
        leaf = inputs.detach().requires_grad_()
        parts = positive(leaf)
        share = gradient_of(parts, leaf, quotient(arriving[0], parts.detach()))
    return with_edge(leaving, edge, inputs * share)


def _times_inputs(step: Step, leaving: Leaving, _arriving: Arriving) -> Leaving:
    factors = sum(value is not None for value in step.inputs) if step.kind == "Mul" else 1
    pairs = zip(leaving, step.inputs, strict=True)
    return tuple(one if one is None or value is None else one * value / factors for one, value in pairs)
