"""What forward hooks collect during one pass; they are removed when their context ends, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from bench.errors import BenchError
from bench.network.anatomy import Anatomy
from methods.rules import Node


@contextmanager
def keep_outputs(network: nn.Module, anatomy: Anatomy, layers: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Collect the outputs of `layers` in the forward pass within the context, by name, as parts of its graph.

    Raises:
        BenchError: one of them did not run.
    """
    layers = list(layers)
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, object, Tensor], Tensor | None]:
        def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor | None:
            outputs[name] = output
            # The network goes on with a copy where it would overwrite what is kept.
            return output.clone() if anatomy.layers[name].overwritten else None

        return hook

    handles = [network.get_submodule(name).register_forward_hook(keep(name)) for name in layers]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()
    missing = sorted(set(layers) - outputs.keys())
    if missing:
        raise BenchError(f"the layer {missing[0]} did not run on this batch")


@contextmanager
def name_nodes(network: nn.Module) -> Iterator[dict[Node, str]]:
    """Collect which module made which node of the graph in the forward pass within the context.

    Of several modules that return the same output, one within the other, the innermost counts.
    """
    names: dict[Node, str] = {}

    def note(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and output.grad_fn is not None:
                names.setdefault(output.grad_fn, name)

        return hook

    handles = [module.register_forward_hook(note(name)) for name, module in network.named_modules()]
    try:
        yield names
    finally:
        for handle in handles:
            handle.remove()
