"""The gradient rules: truncation at a layer and filtering-guided backpropagation.

Both keep, of the gradient at each feature map of each image, the values that reach the δ-th percentile of its positive
values, and set the others to 0. They differ in where in the network they do so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from methods.errors import NotApplicableError

RULES = ("fgbp", "lt")
"""The rules' names in the order in which they act: on the way back through the network, then at the layer."""

FILTERED = frozenset({"Relu", "LeakyRelu"})
REFUSED = frozenset({
    "Celu", "Clamp", "ClampMax", "ClampMin", "Elu", "Gelu", "Glu", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh",
    "LogSigmoid", "Maximum", "Minimum", "Mish", "PreluKernel", "RreluWithNoise", "Silu", "Softplus", "Softshrink",
    "Tanh", "Threshold",
})  # fmt: skip
"""Activations that the rule fgbp filters and refuses, as autograd calls them. A sigmoid is a gate here, as in squeeze
and excitation: gradients pass it unfiltered."""

FEW = 2
"""Up to so many ranks, selecting them is faster than sorting."""
WORTH_A_THREAD = 2**18
"""Values for which it pays to start one more thread."""

Node = torch.autograd.graph.Node


@dataclass(frozen=True, order=True)
class Filter:
    """The rule fgbp: δ in percent, and the answers to the open questions about it, see `methods.open_questions`."""

    delta: float
    percentile: str = "map"
    slope: str = "own"
    equal: str = "kept"


@dataclass(frozen=True, order=True)
class Truncation:
    """The rule lt: δ in percent, and the answers to the open questions about it, see `methods.open_questions`."""

    delta: float
    percentile: str = "map"
    kept: str = "value"


def positive_percentiles(gradient: Tensor, deltas: Sequence[float], percentile: str = "map") -> tuple[Tensor, ...]:
    """Return percentiles of the positive values of each feature map.

    Each is ``numpy.percentile(values[values > 0], delta, method="higher")``.

    Args:
        gradient: (B, K, h, w), or any number of dimensions behind K: each channel of an image is one feature map, but
            without positions, (B, K) or (B, K, 1, 1), all channels of an image are one.
        deltas: in percent, 0 to 100.
        percentile: ``map``; or ``layer``: all channels of an image are one map.

    Returns:
        For each δ the thresholds, (B, K, 1, 1) or (B, 1, 1, 1), ready to be broadcast; infinite where no value is
        positive.

    Examples:
        >>> positive_percentiles(torch.tensor([[[[-1.0, 1.0, 2.0, 3.0]]]]), [50])
        (tensor([[[[2.]]]]),)
    """
    images, channels, *positions = gradient.shape
    apart = percentile == "map" and math.prod(positions) > 1
    maps = gradient.reshape(images * channels if apart else images, -1)
    select = _by_selection if gradient.device.type == "cpu" else _by_sorting
    shape = (images, channels if apart else 1, *[1] * len(positions))
    return tuple(one.view(shape) for one in select(maps, deltas))


def truncate(gradient: Tensor, threshold: Tensor, kept: str = "value") -> Tensor:
    """Set the values of `gradient` that do not reach `threshold` to 0.

    LTGrad-CAM paper (Dong et al. 2025), eq. 9; RA-CAM paper (Dong et al.), eq. 6. δ = 0 keeps all positive values.

    Args:
        gradient: (B, K, h, w) or (B, K).
        threshold: from `positive_percentiles`.
        kept: what the other positions get: ``value``, the gradient itself; or ``mean``, the spatial mean of the whole
            gradient (LTGrad-CAM paper, eq. 11 as printed).

    Examples:
        >>> truncate(torch.tensor([[[[0.5, 1.0, 2.0, 3.0]]]]), torch.tensor(2.0))
        tensor([[[[0., 0., 2., 3.]]]])
    """
    # Compared into numbers and not into truth values, by which torch multiplies five times slower on a CPU.
    reached = torch.ge(gradient, threshold, out=torch.empty_like(gradient))
    return reached.mul_(gradient.mean((2, 3), keepdim=True) if kept == "mean" else gradient)


@contextmanager
def filtering(score: Tensor, rule: Filter, names: Mapping[Node, str] | None = None) -> Iterator[None]:
    """Filter every gradient that enters a ReLU on its way back from `score`, within the context.

    RA-CAM paper, eq. 5, with the activation's own slope in place of its mask: at a ReLU with input x the gradient g at
    its output becomes act'(x) · g · [g >= t], [g > t] where the rule drops what equals t. δ = 0 is guided
    backpropagation. The hooks sit on the graph of this one forward pass: the network is not touched, and functional,
    reused and in-place ReLUs are filtered alike.

    Args:
        score: whose graph is filtered.
        rule: says what is kept.
        names: of layers, by the node that made their output, for error messages.

    Raises:
        NotApplicableError: the graph has an activation for which the rule is not defined, or no ReLU at all.
    """
    handles = []
    try:
        for node in _nodes(score):
            kind = kind_of(node)
            if kind in REFUSED:
                where = _where(node, names or {})
                raise NotApplicableError(f"fgbp filters ReLU and leaky ReLU, and {where} is of the kind {kind}")
            if kind in FILTERED:
                handles += [node.register_prehook(_Filtered(rule)), *_hardened(node, rule)]
        if not handles:
            raise NotApplicableError("fgbp filters ReLU and leaky ReLU, and on the way to this score there is neither")
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Filtered:
    """Truncates the gradient that arrives at a node."""

    def __init__(self, rule: Filter) -> None:
        self._rule = rule

    def __call__(self, arriving: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        (threshold,) = positive_percentiles(arriving[0], (self._rule.delta,), self._rule.percentile)
        if self._rule.equal == "dropped":
            threshold = threshold.nextafter(torch.full_like(threshold, torch.inf))
        return (truncate(arriving[0], threshold),)


def _hardened(node: Node, rule: Filter) -> Iterator[torch.utils.hooks.RemovableHandle]:
    """Let nothing pass a leaky ReLU where its input is negative, if the rule says so."""
    if rule.slope == "hard" and kind_of(node) == "LeakyRelu":
        # A kept gradient is above 0 and a slope below 1, so that only its own slope can have changed it.
        yield node.register_hook(lambda leaving, arriving: (torch.where(leaving[0] == arriving[0], leaving[0], 0),))


def _by_selection(maps: Tensor, deltas: Sequence[float]) -> Iterator[Tensor]:
    """Yield percentiles of the rows of `maps`, (N, P), on the CPU, much faster than by torch's sort."""
    rows = (maps if maps.element_size() > 2 else maps.float()).numpy()
    found = np.full((len(deltas), len(rows)), np.inf, dtype=rows.dtype)

    def select(numbers: range) -> None:
        for number in numbers:
            positive = rows[number].compress(rows[number] > 0)
            if positive.size:
                ranks = [math.ceil((positive.size - 1) * (delta / 100)) for delta in deltas]
                if len(ranks) > FEW:
                    positive.sort()
                else:
                    positive.partition(ranks)
                found[:, number] = positive[ranks]

    # NumPy lets go of the interpreter while it sorts.
    workers = min(torch.get_num_threads(), 1 + rows.size // WORTH_A_THREAD)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(select, [range(first, len(rows), workers) for first in range(workers)]))
    yield from torch.from_numpy(found).to(maps.dtype)


def _by_sorting(maps: Tensor, deltas: Sequence[float]) -> Iterator[Tensor]:
    """Yield percentiles of the rows of `maps`, (N, P), on any device."""
    positive = maps > 0
    ordered = torch.where(positive, maps, torch.inf).sort(-1).values
    last = positive.sum(-1, keepdim=True) - 1
    for delta in deltas:
        rank = (last.double() * (delta / 100)).ceil().long().clamp(min=0)
        yield ordered.gather(-1, rank)[:, 0]


def _nodes(score: Tensor) -> Iterator[Node]:
    """Yield every node of the graph behind `score` once."""
    waiting, seen = [score.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting.extend(next_node for next_node, _ in node.next_functions)


def kind_of(node: Node) -> str:
    """Return autograd's name of the function, ``LeakyRelu`` for ``LeakyReluBackward1``, which is the in-place one."""
    return node.name().partition("Backward")[0]


def _where(node: Node, names: Mapping[Node, str]) -> str:
    """Return the name of the layer that made `node`, or say which layer it follows."""
    if node in names:
        return names[node]
    waiting, seen = [node], {node}
    for one in waiting:
        if one in names:
            return f"what follows {names[one]}"
        found = {next_node for next_node, _ in one.next_functions if next_node is not None} - seen
        seen |= found
        waiting += found
    return "an activation before every layer"
