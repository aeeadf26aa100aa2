"""What a score is made of at a layer: passed back through what lies behind it by other rules than the derivative's.

A step without a rule passes its derivative back. Whether all adds up is told with every result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor

from bench.attribution.graph_rules import Arriving, Leaving, Ruled, Step
from bench.errors import BenchError
from bench.network.partial_forward import PartialForward
from methods.rules import FILTERED, REFUSED, Node

ELEMENTWISE = (FILTERED | REFUSED | {"Sigmoid"}) - {"Glu", "Maximum", "Minimum"}
NORMALISING = frozenset({"CudnnBatchNorm", "MiopenBatchNorm", "NativeBatchNorm"})
SELECTING = frozenset(
    {"AdaptiveMaxPool2D", "AdaptiveMaxPool3D", "Amax", "MaxPool2DWithIndices", "MaxPool3DWithIndices"}
)
SHARING = frozenset({
    "AdaptiveAvgPool2D", "AdaptiveAvgPool3D", "Add", "AvgPool2D", "AvgPool3D", "Div", "Mean", "Mul", "Sub", "Sum",
})  # fmt: skip
"""Steps as autograd calls them."""


@dataclass(frozen=True)
class Propagated:
    """What arrived at a layer.

    Attributes:
        values: (K, h, w).
        missed: by what share of the score the sum of all differs from what it must be; 0 where the rules fit the
            network.
    """

    values: Tensor
    missed: float


def deep_lift(replay: PartialForward, activation: Tensor, score: Callable[[Tensor], Tensor]) -> Propagated:
    """Return the DeepLIFT contribution of each value of a layer's output to the score; the reference is 0.

    Shrikumar et al. 2017, the Rescale rule: an activation's multiplier is the quotient of the differences of its output
    and of its input between the run and the reference, its derivative where the inputs agree. Our reading of what the
    rule leaves open: of the difference of a maximum, what the run's is higher by belongs where it is found in the run,
    the rest where it is found in the reference; a product gives half of its difference to each change. All
    contributions are score(activation) - score(0).

    Args:
        replay: of what lies behind the layer.
        activation: the layer's output, (K, h, w).
        score: of logits (n, classes), (n,).

    Raises:
        BenchError: the score does not depend on the layer.
    """
    with torch.enable_grad():
        pair = torch.stack([activation, torch.zeros_like(activation)]).requires_grad_()
        with Ruled(_rescale):
            scores = score(replay.differentiable(pair.clone()))
        values = activation * _arriving(scores, pair, torch.ones_like(scores))[0]
    scores = scores.detach().double()
    expected = scores[0] - scores[1]
    missed = (values.double().sum() - expected).abs()
    scale = torch.maximum(scores.abs().amax(), expected.abs())
    return Propagated(values, float(missed / scale) if missed else 0.0)


def relevance(replay: PartialForward, activation: Tensor, explained: int) -> Propagated:
    """Return the relevance of each value of a layer's output for one class against the others.

    Layer-wise relevance propagation, Bach et al. 2015: convolutions and linear layers share what arrives by positive
    contributions, without their bias (the z+ rule); sums and means by all contributions (the z rule), a maximum gives
    all to where it is found, activations and batch normalisations pass it on. A product gives half to each factor by
    our choice. It starts from 1 at the explained logit and from -1, spread evenly, at the others (contrastive, Gu et
    al. 2018); both have to arrive in full.

    Args:
        replay: of what lies behind the layer.
        activation: the layer's output, (K, h, w).
        explained: the class; 0 where there is one logit, and then there are no others.

    Raises:
        BenchError: the logits do not depend on the layer.
    """
    with torch.enable_grad():
        pair = torch.stack([activation, activation]).requires_grad_()
        with Ruled(_conserve):
            logits = replay.differentiable(pair.clone())
        chosen = torch.zeros_like(logits[0])
        chosen[explained] = 1
        start = torch.stack([chosen, (1 - chosen) / max(len(chosen) - 1, 1)])
        arrived = _arriving(logits, pair, start)
    missed = (arrived.double().sum((1, 2, 3)) - start.double().sum(1)).abs().amax()
    return Propagated(arrived[0] - arrived[1], float(missed))


def _arriving(outputs: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    arrived = None
    if outputs.requires_grad:
        (arrived,) = torch.autograd.grad(outputs, inputs, start, allow_unused=True)
    if arrived is None:
        raise BenchError("the target's score does not depend on the layer")
    return arrived


def _rescale(node: Node, step: Step) -> None:
    """Put DeepLIFT's rules on a step of two rows, the run and the reference; the run's multiplier is that of both."""
    if len(step.output) != 2:
        return
    if step.kind in ELEMENTWISE:
        node.register_hook(partial(_by_quotient, step))
    elif step.kind in SELECTING:
        node.register_prehook(partial(_apart, step))
        node.register_hook(partial(_over_difference, step))
    elif step.kind == "Mul":
        node.register_prehook(lambda arriving: (_twice(arriving[0][0]),))
        node.register_hook(lambda leaving, _: tuple(one if one is None else _twice(one.mean(0)) for one in leaving))


def _by_quotient(step: Step, leaving: Leaving, arriving: Arriving) -> Leaving:
    edge, inputs = step.first
    difference = inputs[0] - inputs[1]
    differ = difference.abs() > torch.finfo(inputs.dtype).eps ** 0.5 * inputs.abs().amax(0)
    quotient = (step.output[0] - step.output[1]) / difference
    multiplier = torch.where(differ, arriving[0][0] * quotient, _at(leaving, edge)[0])
    return _replaced(leaving, edge, _twice(multiplier))


def _apart(step: Step, arriving: Arriving) -> Arriving:
    """Give each row the part of the contribution that belongs where its maximum is found."""
    multiplier, higher = arriving[0][0], step.output.amax(0)
    return (torch.stack([multiplier * (higher - step.output[1]), multiplier * (step.output[0] - higher)]),)


def _over_difference(step: Step, leaving: Leaving, _arriving: Arriving) -> Leaving:
    edge, inputs = step.first
    multiplier = _over(_at(leaving, edge).sum(0), inputs[0] - inputs[1])
    return _replaced(leaving, edge, _twice(multiplier))


def _conserve(node: Node, step: Step) -> None:
    """Put the rules of relevance on a step: what arrives is shared among its inputs."""
    if step.kind in ELEMENTWISE | NORMALISING:
        node.register_hook(partial(_passed_on, step))
    elif step.positive is not None:
        node.register_hook(partial(_by_positive, step, step.positive))
    elif step.kind in SHARING:
        node.register_prehook(lambda arriving: (_over(arriving[0], step.output),))
        node.register_hook(partial(_times_inputs, step))


def _passed_on(step: Step, leaving: Leaving, arriving: Arriving) -> Leaving:
    edge, _ = step.first
    return _replaced(leaving, edge, arriving[0])


def _by_positive(step: Step, positive: Callable[[Tensor], Tensor], leaving: Leaving, arriving: Arriving) -> Leaving:
    edge, inputs = step.first
    with torch.enable_grad():
        leaf = inputs.detach().requires_grad_()
        parts = positive(leaf)
        share = _arriving(parts, leaf, _over(arriving[0], parts.detach()))
    return _replaced(leaving, edge, inputs * share)


def _times_inputs(step: Step, leaving: Leaving, _arriving: Arriving) -> Leaving:
    factors = sum(value is not None for value in step.inputs) if step.kind == "Mul" else 1
    pairs = zip(leaving, step.inputs, strict=True)
    return tuple(one if one is None or value is None else one * value / factors for one, value in pairs)


def _over(part: Tensor, total: Tensor) -> Tensor:
    """Divide; where the total is 0, there is nothing to share by."""
    return torch.where(total == 0, 0, part / total)


def _twice(row: Tensor) -> Tensor:
    return torch.stack([row, row])


def _at(gradients: Leaving, edge: int) -> Tensor:
    return cast("Tensor", gradients[edge])


def _replaced(gradients: Leaving, edge: int, by: Tensor) -> Leaving:
    return (*gradients[:edge], by, *gradients[edge + 1 :])
