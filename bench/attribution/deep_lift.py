"""DeepLIFT: what each value of a layer's output contributes to the score, compared with a reference of zeros."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

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

MAXIMA = frozenset({"AdaptiveMaxPool2D", "AdaptiveMaxPool3D", "Amax", "MaxPool2DWithIndices", "MaxPool3DWithIndices"})
"""Steps that give the largest of several values, as autograd calls them."""


def deep_lift(replay: PartialForward, activation: Tensor, score: Callable[[Tensor], Tensor]) -> Propagated:
    """Return the DeepLIFT contribution of each value of a layer's output to the score; the reference is 0.

    Shrikumar et al. 2017, the Rescale rule: the multiplier of an activation function is the change of its output over
    the change of its input, between reference and run, or its derivative where the input does not change. What the
    rule leaves open is read as follows: where a maximum changes, the amount by which the run's is higher than both
    others belongs to the position where it is found in the run, the rest to the one where it is found in the reference;
    a product gives half of its change to each factor. All contributions together are score(activation) - score(0).

    Args:
        replay: of what lies behind the layer.
        activation: the layer's output, (K, h, w).
        score: of logits (n, classes), (n,).

    Raises:
        BenchError: the score does not depend on the layer.
    """
    with torch.enable_grad():
        pair = torch.stack([activation, torch.zeros_like(activation)]).requires_grad_()
        with GraphRules(_rescale):
            scores = score(replay.differentiable(pair.clone()))
        values = activation * gradient_of(scores, pair, torch.ones_like(scores))[0]
    scores = scores.detach().double()
    expected = scores[0] - scores[1]
    missed = (values.double().sum() - expected).abs()
    scale = torch.maximum(scores.abs().amax(), expected.abs())
    return Propagated(values, float(missed / scale) if missed else 0.0)


def _rescale(node: Node, step: Step) -> None:
    """Put the rules on a step of two rows, the run and the reference; both rows carry the multiplier of the run."""
    if len(step.output) != 2:
        return
    if step.kind in ELEMENTWISE:
        node.register_hook(partial(_activation, step))
    elif step.kind in MAXIMA:
        node.register_prehook(partial(_divide_maximum, step))
        node.register_hook(partial(_over_difference, step))
    elif step.kind == "Mul":
        node.register_prehook(lambda arriving: (_twice(arriving[0][0]),))
        node.register_hook(lambda leaving, _: tuple(one if one is None else _twice(one.mean(0)) for one in leaving))


def _activation(step: Step, leaving: Leaving, arriving: Arriving) -> Leaving:
    edge, inputs = step.first
    difference = inputs[0] - inputs[1]
    differ = difference.abs() > torch.finfo(inputs.dtype).eps ** 0.5 * inputs.abs().amax(0)
    slope = (step.output[0] - step.output[1]) / difference
    multiplier = torch.where(differ, arriving[0][0] * slope, _at(leaving, edge)[0])
    return with_edge(leaving, edge, _twice(multiplier))


def _divide_maximum(step: Step, arriving: Arriving) -> Arriving:
    """Give each row the part of the contribution that belongs where its maximum is found."""
    multiplier, higher = arriving[0][0], step.output.amax(0)
    return (torch.stack([multiplier * (higher - step.output[1]), multiplier * (step.output[0] - higher)]),)


def _over_difference(step: Step, leaving: Leaving, _arriving: Arriving) -> Leaving:
    edge, inputs = step.first
    multiplier = quotient(_at(leaving, edge).sum(0), inputs[0] - inputs[1])
    return with_edge(leaving, edge, _twice(multiplier))


def _twice(row: Tensor) -> Tensor:
    return torch.stack([row, row])


def _at(leaving: Leaving, edge: int) -> Tensor:
    return cast("Tensor", leaving[edge])
