"""One forward pass of any network, recorded as a tree of calls of its modules."""

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
        inputs: the tensors among its arguments, and how often each had been changed in place by then.
        children: the runs within it, in order.
        result: what it returned.
        output: the same, if it was a tensor.
        version: how often `output` had been changed in place when it was returned.
        signed: whether `output` had negative values.
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
        """Whether a later operation changed the output in place."""
        return self.output is not None and changes(self.output) != self.version


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put `network` into evaluation mode within the context; every module gets its own training flag back."""
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True


def record(network: nn.Module, images: Tensor) -> tuple[Call, list[Call]]:
    """Run `network` on `images`; return the root of the tree of calls, and all calls in the order of their ends."""
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
    """Return how often `tensor` has been changed in place, for which torch has no public name."""
    return tensor._version  # noqa: SLF001


def readable(tensor: Tensor) -> Tensor:
    """Return `tensor` detached from the graph, and as float32 if it is in half precision."""
    detached = tensor.detach()
    return detached.float() if detached.element_size() < 4 else detached
