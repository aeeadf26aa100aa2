"""Rules other than the derivative's, by which a score is passed back through the steps of a forward pass.

The rules sit on the graph of one forward pass: functional, reused and in-place activations are alike, and no module is
touched. A step without a rule passes its derivative back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from bench.errors import BenchError
from methods.rules import FILTERED, REFUSED, Node, kind_of

Arriving = tuple[Tensor]
"""The gradient that arrives at a step's output."""
Leaving = tuple[Tensor | None, ...]
"""The gradients that a step passes back, one for each edge of its node; None where none is needed."""

ELEMENTWISE = (FILTERED | REFUSED | {"Sigmoid"}) - {"Glu", "Maximum", "Minimum"}
"""Activations, as autograd calls them."""

_AFFINE = (functional.conv1d, functional.conv2d, functional.conv3d, functional.linear)
_AFFINE_ARGUMENTS = ("input", "weight", "bias")
"""The first parameters of these functions."""


@dataclass(frozen=True)
class Step:
    """One step of a forward pass. A hook may hold it: it does not lead back to its node.

    Attributes:
        kind: as autograd calls it, e.g. ``Relu``.
        inputs: the input by each edge of the node; None for parameters and constants.
        output: of the step.
        positive: of a convolution or a linear layer: a function that returns the sum of an input's positive
            contributions to each output, without the bias; else None.
    """

    kind: str
    inputs: tuple[Tensor | None, ...]
    output: Tensor
    positive: Callable[[Tensor], Tensor] | None

    @property
    def first(self) -> tuple[int, Tensor]:
        """The first edge that has an input, and that input."""
        return next((edge, value) for edge, value in enumerate(self.inputs) if value is not None)


@dataclass(frozen=True)
class Propagated:
    """What arrived at a layer.

    Attributes:
        values: (K, h, w).
        missed: by what share of the score the sum of all values differs from what it should be; 0 where the rules fit
            the network.
    """

    values: Tensor
    missed: float


class GraphRules(TorchFunctionMode):
    """Applies a rule to every step of the graph that is built within the context.

    The rule is a function of the step's node, on which it may put hooks, and the step.
    """

    def __init__(self, rule: Callable[[Node, Step], None]) -> None:
        """Apply `rule`."""
        super().__init__()
        self._rule = rule

    def __torch_function__(
        self,
        function: Callable[..., Any],
        _types: Iterable[type],
        arguments: tuple[Any, ...] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(options or {})
        before: dict[tuple[Node | None, int], Tensor] = {
            (one.grad_fn, one.output_nr): one.detach().clone()  # the function may write on what it is given
            for one in (*arguments, *options.values())
            if isinstance(one, Tensor) and one.grad_fn is not None
        }
        result = function(*arguments, **options)
        node = result.grad_fn if before and isinstance(result, Tensor) else None
        if node is not None:
            # There is no input where a function returns its argument, or makes several steps at once.
            inputs = tuple(before.get(edge) for edge in node.next_functions)
            if any(one is not None for one in inputs):
                positive = _positive(function, arguments, options) if function in _AFFINE else None
                self._rule(node, Step(kind_of(node), inputs, result.detach().clone(), positive))
        return result


def _positive(
    function: Callable[..., Tensor], arguments: tuple[Any, ...], options: dict[str, Any]
) -> Callable[[Tensor], Tensor]:
    """Return one of `_AFFINE` as a function of its input that sums positive contributions only."""
    weight = (dict(zip(_AFFINE_ARGUMENTS, arguments, strict=False)) | options)["weight"].detach()
    others = {name: value for name, value in options.items() if name not in _AFFINE_ARGUMENTS}

    def positive(inputs: Tensor) -> Tensor:
        both_up = function(inputs.clamp(min=0), weight.clamp(min=0), None, *arguments[3:], **others)
        both_down = function(inputs.clamp(max=0), weight.clamp(max=0), None, *arguments[3:], **others)
        return both_up + both_down

    return positive


def gradient_of(outputs: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    """Pass `start`, of the shape of `outputs`, back to `inputs` by the rules that sit on the graph between them.

    Raises:
        BenchError: the outputs do not depend on the inputs.
    """
    gradient = None
    if outputs.requires_grad:
        (gradient,) = torch.autograd.grad(outputs, inputs, start, allow_unused=True)
    if gradient is None:
        raise BenchError("the target's score does not depend on the layer")
    return gradient


def quotient(part: Tensor, total: Tensor) -> Tensor:
    """Return `part` divided by `total`, 0 where `total` is 0."""
    return torch.where(total == 0, 0, part / total)


def with_edge(leaving: Leaving, edge: int, gradient: Tensor) -> Leaving:
    """Return what leaves a step, with `gradient` on one of its edges instead."""
    return (*leaving[:edge], gradient, *leaving[edge + 1 :])
