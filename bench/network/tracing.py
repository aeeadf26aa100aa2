"""One forward pass of any network as a tree of calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(eq=False)
class Call:
    """One run of one module.

    Attributes:
        name: of the module.
        module: that ran.
        inputs: the tensors that went in, and how often each had been changed in place.
        children: what ran within it, in order.
        result: what came out.
        output: the same, if it was a tensor.
        version: how often `output` had been changed in place then.
        signed: `output` held negative values.
    """

    name: str
    module: nn.Module
    inputs: list[tuple[Tensor, int]]
    children: list[Call]
    result: object = None
    output: Tensor | None = None
    version: int = 0
    signed: bool = False

    @property
    def overwritten(self) -> bool:
        """Tell whether a later operation wrote on what came out."""
        return self.output is not None and changes(self.output) != self.version


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put `network` into evaluation mode; give every module its own training flag back at the end."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def record(network: nn.Module, images: Tensor) -> tuple[Call, list[Call]]:
    """Return the tree of calls and all calls in the order in which they ended."""
    open_calls: list[Call] = []
    ended: list[Call] = []
    names = {module: name for name, module in network.named_modules()}

    def enter(module: nn.Module, inputs: tuple[object, ...]) -> None:
        tensors = [(tensor, changes(tensor)) for tensor in inputs if isinstance(tensor, Tensor)]
        call = Call(names[module], module, tensors, [])
        if open_calls:
            open_calls[-1].children.append(call)
        open_calls.append(call)

    def leave(_module: nn.Module, _inputs: tuple[object, ...], output: object) -> None:
        call = open_calls.pop()
        call.result = output
        if isinstance(output, Tensor):
            call.output, call.version, call.signed = output, changes(output), bool((output < 0).any())
        ended.append(call)

    handles = [module.register_forward_pre_hook(enter) for module in names]
    handles += [module.register_forward_hook(leave) for module in names]
    try:
        network(images)
    finally:
        for handle in handles:
            handle.remove()
    return ended[-1], ended


def changes(tensor: Tensor) -> int:
    """Return how often `tensor` was changed in place; torch has no public name for it."""
    return tensor._version  # noqa: SLF001


def readable(tensor: Tensor) -> Tensor:
    """Return `tensor` off the graph, half precision widened to float32."""
    detached = tensor.detach()
    return detached.float() if detached.element_size() < 4 else detached
