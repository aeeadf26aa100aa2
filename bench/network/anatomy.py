"""What a network is made of: its layers in the order in which they run, its stages, its head.

One recorded forward pass tells, so that it works for any `nn.Module`, unprepared.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from bench.errors import BenchError
from bench.network.biases import has_bias
from bench.network.layout import Grid, Layout, layouts
from bench.network.tracing import Call, evaluating, record
from methods.spelling import did_you_mean

_REDUCING = ("MaxPool", "AvgPool", "LPPool", "Dropout", "Identity", "Flatten", "Permute")
"""Kinds of modules that only pass on, in fewer positions, the features that an earlier module made."""


@dataclass(frozen=True)
class Layer:
    """One module, as it ran in the recorded forward pass.

    Attributes:
        name: module name, e.g. ``features.29``.
        kind: class name.
        shape: of its output for one image, e.g. (512, 14, 14), channels first if the output has positions.
        signed: whether its output had negative values.
        overwritten: whether a later in-place operation changed its output.
        runs: how often it ran.
        layout: where channels and positions stand in its output; None if it has no positions.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    signed: bool
    overwritten: bool
    runs: int
    layout: Layout | None = None


@dataclass(frozen=True)
class Anatomy:
    """What one recorded forward pass showed of a network.

    Attributes:
        layers: every module whose output is one tensor, by name, in the order of its last run.
        stages: names of the stages, shallow to deep: of the modules that run one after the other, the last at each
            resolution.
        convolutions: names of the convolutions.
        biased: names of the layers that add a bias, also of a kind that `bench.network.biases` cannot read.
        pooled_linear: name of the linear layer behind global average pooling of the last stage, or None.
    """

    layers: dict[str, Layer]
    stages: tuple[str, ...]
    convolutions: tuple[str, ...]
    biased: tuple[str, ...]
    pooled_linear: str | None

    def choose(self, layers: str) -> tuple[str, ...]:
        """Return the module names that the layer choice of a spec stands for, shallow to deep.

        Raises:
            BenchError: this network has no such stage or layer; the message names what it has.
        """
        if layers == "convs":
            return self.convolutions
        if layers.startswith("layer."):
            return (self._named(layers.removeprefix("layer.")),)
        if not self.stages:
            raise BenchError("this network has no stages: none of its modules outputs feature maps (B, K, h, w)")
        if layers == "stages":
            return self.stages
        if layers == "last":
            return self.stages[-1:]
        first, *others = (int(number) for number in re.findall(r"\d+", layers))
        last = others[0] if others else first
        if not 1 <= first <= last <= len(self.stages):
            raise BenchError(f"{layers}: this network has the stages S1 to S{len(self.stages)}")
        return self.stages[first - 1 : last]

    def _named(self, name: str) -> str:
        spatial = [layer.name for layer in self.layers.values() if len(layer.shape) == 3]
        if name not in spatial:
            raise BenchError(f"this network has no layer {name!r} with feature maps; {did_you_mean(name, spatial)}")
        return name


def examine(network: nn.Module, images: Tensor) -> Anatomy:
    """Record one forward pass of `network` on the first of `images`, (B, C, H, W), and read its anatomy from it.

    Raises:
        BenchError: the network does not take such images.
    """
    image = images[:1].clone()
    with evaluating(network), torch.no_grad():
        try:
            root, calls = record(network, image)
        except (RuntimeError, ValueError, TypeError, AssertionError, IndexError) as error:
            reason = str(error).partition("\n")[0]
            raise BenchError(f"the network does not take images of {tuple(image.shape[1:])}: {reason}") from error
    by_name = {call.name: call for call in calls if call.output is not None}
    runs = Counter(call.name for call in calls)
    layout_of = layouts(calls, (image.shape[2], image.shape[3]))
    layers = {
        name: Layer(
            name=name,
            kind=type(call.module).__name__,
            shape=_shape(call, layout_of.get(name)),
            signed=call.signed,
            overwritten=call.overwritten,
            runs=runs[name],
            layout=layout_of.get(name),
        )
        for name, call in by_name.items()
    }
    links = [call for call in _open(root, outermost=True) if call.output is not None]
    stages = _stages(links, layers)
    if stages:
        stages = (*stages[:-1], _attending(stages[-1], links, layers))
    convolutions = tuple(name for name, call in by_name.items() if isinstance(call.module, nn.Conv2d))
    biased = tuple(name for name, call in by_name.items() if has_bias(call.module))
    deepest = by_name[stages[-1]] if stages else None
    return Anatomy(layers, stages, convolutions, biased, _pooled_linear(calls, deepest, layers))


def _open(call: Call, *, outermost: bool = False) -> list[Call]:
    """Return the links of a chain: a Sequential, or what runs like one, is opened; any other block is kept whole."""
    opened = outermost or isinstance(call.module, nn.Sequential) or _is_chain(call)
    if not opened or not call.children:
        return [call]
    return [link for child in call.children for link in _open(child)]


def _is_chain(call: Call) -> bool:
    """Tell whether several modules ran one after the other, each on the untouched output of the one before.

    The output of the last has to be that of the whole, unlike in a residual block, which adds to it. The input of a
    module that reads no feature maps, such as a linear layer behind a flattening, is not checked.
    """
    if len(call.children) < 2 or call.output is None:
        return False
    end = Call("", call.module, [(call.output, call.version)], [])
    return all(
        any(tensor is one.output and version == one.version for tensor, version in following.inputs)
        for one, following in pairwise([*call.children, end])
        if any(tensor.dim() in {3, 4} for tensor, _ in following.inputs)
    )


def _stages(links: list[Call], layers: dict[str, Layer]) -> tuple[str, ...]:
    """Return the last link at each resolution, leaving out poolings and the classifying layer."""
    with_parameters = [i for i, link in enumerate(links) if any(True for _ in link.module.parameters())]
    body = links[: with_parameters[-1]] if with_parameters else links
    last: dict[Grid, str] = {}
    for link in body:
        layout = layers[link.name].layout
        if layout and max(layout.grid) > 1 and not _reduces(link.module):
            last[layout.grid] = link.name
    return tuple(last.values())


def _attending(stage: str, links: list[Call], layers: dict[str, Layer]) -> str:
    """Return the layer that represents the deepest stage; of a transformer the first normalisation of its last block.

    That is what the last attention reads, and the usual choice; of what follows, only the class token may be read.
    """
    layout = layers[stage].layout
    if layout is None or layout.kind == "maps":
        return stage
    for link in reversed(links):
        own = layers[link.name].layout
        inside = (one.name for one in _within(link) if isinstance(one.module, nn.LayerNorm))
        if own and own.grid == layout.grid and (first := next(inside, None)):
            return first
    return stage


def _within(call: Call) -> Iterator[Call]:
    """Yield the calls within `call`, in the order in which they began."""
    for child in call.children:
        yield child
        yield from _within(child)


def _reduces(module: nn.Module) -> bool:
    return any(word in type(module).__name__ for word in _REDUCING)


def _shape(call: Call, layout: Layout | None) -> tuple[int, ...]:
    """Return the shape of the output for one image, channels first if it has positions; empty if it is no tensor."""
    if call.output is None:
        return ()
    return tuple((layout.to_maps(call.output) if layout else call.output).shape[1:])


def _pooled_linear(calls: list[Call], deepest: Call | None, layers: dict[str, Layer]) -> str | None:
    """Return the name of the last layer if it is linear and reads the spatial means of the deepest stage."""
    linear = next((call for call in reversed(calls) if isinstance(call.module, nn.Linear)), None)
    root = calls[-1]
    if not linear or not deepest or deepest.output is None or root.output is None or linear.output is None:
        return None
    layout = layers[deepest.name].layout
    maps = layout.to_maps(deepest.output) if layout else deepest.output
    means, (read, _) = maps.mean((2, 3)), linear.inputs[0]
    reads_means = read.shape == means.shape and torch.allclose(read, means, rtol=1e-4)
    ends = root.output.shape == linear.output.shape and torch.equal(root.output, linear.output)
    return linear.name if reads_means and ends and not deepest.overwritten else None
