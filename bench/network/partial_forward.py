"""Running only the part of a network that lies behind a layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bench.errors import BenchError
from bench.network.checking import logits_of
from bench.network.layout import Layout
from bench.network.tracing import Call, evaluating, readable, record

Forward = Callable[..., Any]


@dataclass
class _Run:
    """One run of the layer, or of an outermost module that ended before it.

    Attributes:
        is_layer: whether it is a run of the layer.
        passed_on: whether only the next of these runs reads its output.
        given: its output for the recorded image, if it is the layer or if something else reads it too.
    """

    is_layer: bool
    passed_on: bool
    given: Any = None


class PartialForward:
    """The part of a network behind one layer, for one image.

    What ran before the layer is not run again: where the network calls it, it returns its recorded output. So it works
    for any module, whatever its own code does between the calls.
    """

    def __init__(self, network: nn.Module, layer: str, image: Tensor, layout: Layout | None = None) -> None:
        """Record what runs before the last run of `layer` on `image`, (1, C, H, W).

        Outputs of the layer are given as maps later, which `layout` turns into what the network takes.

        Raises:
            BenchError: the layer did not run.
        """
        self._network, self._image, self._layout = network, image.detach(), layout
        with evaluating(network), torch.no_grad():
            root, ended = record(network, self._image.clone())
            runs = [call for call in ended if call.name == layer]
            if not runs:
                raise BenchError(f"the layer {layer} did not run on this image")
            before = set(map(id, ended[: ended.index(runs[-1])]))
            self._runs: dict[nn.Module, list[_Run]] = defaultdict(list)
            for call, passed_on in _outermost(root, before, runs[-1]):
                self._runs[call.module].append(_Run(call is runs[-1], passed_on))
            with self._instead(_record):
                network(self._image.clone())

    def __call__(self, activations: Tensor) -> Tensor:
        """Return the logits, (n, classes), that follow from n outputs of the layer, (n, K, h, w); no gradients."""
        with torch.no_grad():
            return readable(self.differentiable(activations))

    def differentiable(self, activations: Tensor) -> Tensor:
        """Return the same logits as part of the graph of `activations`, which the network may overwrite."""

        def give(run: _Run, _forward: Forward, inputs: tuple[Any, ...], _options: dict[str, Any]) -> Any:
            if run.is_layer:
                outputs = activations.to(self._image.dtype)
                return outputs if self._layout is None else self._layout.from_maps(outputs, run.given)
            return inputs[0] if run.passed_on else _repeated(run.given, len(activations))

        with evaluating(self._network), self._instead(give):
            return logits_of(self._network(self._image.expand(len(activations), -1, -1, -1)))

    @contextmanager
    def _instead(self, act: Callable[[_Run, Forward, tuple[Any, ...], dict[str, Any]], Any]) -> Iterator[None]:
        """Replace the recorded runs by `act` within the context; later runs of the same modules stay as they are."""
        before = {module: vars(module).get("forward") for module in self._runs}
        for module, runs in self._runs.items():
            vars(module)["forward"] = _acting(module.forward, iter(runs), act)
        try:
            yield
        finally:
            for module, forward in before.items():
                if forward is None:
                    del vars(module)["forward"]
                else:
                    vars(module)["forward"] = forward


def _acting(forward: Forward, runs: Iterator[_Run], act: Callable[..., Any]) -> Forward:
    def run(*inputs: Any, **options: Any) -> Any:
        this = next(runs, None)
        return forward(*inputs, **options) if this is None else act(this, forward, inputs, options)

    return run


def _record(run: _Run, forward: Forward, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    returned = forward(*inputs, **options)
    if run.is_layer or not run.passed_on:
        run.given = _repeated(returned, 1)  # a copy, since what follows may write on it
    return returned


def _outermost(call: Call, before: set[int], layer: Call) -> Iterator[tuple[Call, bool]]:
    """Yield the outermost calls within `call` that ended before the layer, then the layer's own call.

    Beside each stands whether only the next of them reads its output, as between the links of a Sequential.
    """
    replayed = [child is layer or id(child) in before for child in call.children]
    for number, child in enumerate(call.children):
        if replayed[number]:
            followed = number + 1 < len(replayed) and replayed[number + 1]
            yield child, followed and isinstance(call.module, nn.Sequential)
        elif id(child) not in before:
            yield from _outermost(child, before, layer)


def _repeated(returned: Any, count: int) -> Any:
    """Return `count` copies of what was given for one image."""
    if isinstance(returned, Tensor):
        return returned.expand(count, *returned.shape[1:]).clone()
    if isinstance(returned, tuple | list):
        return type(returned)(_repeated(one, count) for one in returned)
    return returned
