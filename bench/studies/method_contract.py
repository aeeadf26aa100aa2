"""The rules that every method keeps to on any network, as checks that can be run on a new method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from bench.attribution.explaining import explain
from bench.classifiers.networks import NetworkConfig, build
from bench.errors import BenchError
from methods import METHODS, NotApplicableError, parse

Make = Callable[[], nn.Module]
"""Builds the same network at every call, in evaluation mode, with at least three children."""
NO_SUCH_CLASS = 1000
TOLERANCE = 1e-4
"""Relative to the maximum of a map: another batch changes the order of sums, and roots enlarge the difference."""
SIDE = 64
"""Height and width of the images, in pixels."""


class ContractError(BenchError):
    """Says which rule a method breaks, and how."""


@dataclass(frozen=True)
class Breach:
    """A rule that a method breaks.

    Attributes:
        method: short text of its spec.
        network: on which it breaks the rule, in words.
        reason: how it breaks the rule.
    """

    method: str
    network: str
    reason: str


def breaches(text: str) -> Iterator[Breach]:
    """Yield the rules that the method with this short text breaks, on three variants of the built-in network."""
    images = torch.randn(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    for name, make in _networks().items():
        for check in CHECKS:
            try:
                check(text, make, images.clone())  # a method may write on them
            except ContractError as error:
                yield Breach(text, name, str(error))
            except Exception as error:  # noqa: BLE001  a new method may raise anything; the line says what it was
                yield Breach(text, name, f"it raises {type(error).__name__}: {error}")
                break


def check_well_formed(text: str, make: Make, images: Tensor) -> None:
    """Check that heatmaps are (B, H, W) float32, finite, non-negative and detached from the graph.

    Raises:
        ContractError: they are not.
    """
    maps = _maps(make(), text, images)
    if maps is None:
        return
    expected = (len(images), *images.shape[2:])
    _require(maps.shape == expected, f"its maps are {tuple(maps.shape)}, not {expected}")
    _require(maps.dtype == torch.float32, f"its maps are {maps.dtype}, not torch.float32")
    _require(bool(maps.isfinite().all()), "its maps are not finite")
    _require(bool((maps >= 0).all()), "its maps have negative values")
    _require(not maps.requires_grad, "its maps are not detached from the graph")


def check_same_in_any_batch(text: str, make: Make, images: Tensor) -> None:
    """Check that the heatmap of an image does not depend on what else is in the batch.

    Raises:
        ContractError: it does.
    """
    network = make()
    together = _maps(network, text, images)
    if together is None or METHODS[parse(text).name].chance:
        return  # baselines of chance draw from the seeds of the images
    for image, maps in zip(images, together, strict=True):
        (alone,) = explain(network, image[None], text)[text]
        close = torch.allclose(alone, maps, rtol=TOLERANCE, atol=TOLERANCE * maps.max().item())
        _require(close, "the map of an image depends on what else is in the batch")


def check_leaves_all_as_it_was(text: str, make: Make, images: Tensor) -> None:
    """Check that network, images and torch's global random generator are left as they were, also after an error.

    Raises:
        ContractError: they are not.
    """
    network, images = lived_in(make()), images[:2].clone()
    for target in (1, NO_SUCH_CLASS):
        before, pixels, drawn = state(network), images.clone(), torch.get_rng_state()
        with suppress(NotApplicableError) if target == 1 else suppress(BenchError):
            explain(network, images, text, target=target)
        check_unchanged(network, before)
        _require(torch.equal(images, pixels), "it changes the images")
        _require(not images.requires_grad and images.grad is None, "it leaves gradients on the images")
        _require(torch.equal(torch.get_rng_state(), drawn), "it draws from torch's global random generator")


CHECKS = (check_well_formed, check_same_in_any_batch, check_leaves_all_as_it_was)

State = tuple[dict[str, Any], dict[str, Tensor], dict[str, Tensor | None]]


def state(network: nn.Module) -> State:
    """Return everything about a network that a caller could notice: flags and hooks, tensors, and gradients."""
    hooks = [
        (name, attribute, len(value))
        for name, module in network.named_modules()
        for attribute, value in vars(module).items()
        if "hooks" in attribute and value is not None
    ]
    tensors = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    gradients = {
        name: None if tensor.grad is None else tensor.grad.clone() for name, tensor in network.named_parameters()
    }
    flags = {
        "modules": [(name, id(module), module.training) for name, module in network.named_modules()],
        "parameters": [(name, id(p), p.requires_grad) for name, p in network.named_parameters()],
        "hooks": hooks,
        # No backward pass can go through a tensor that was written on, even with its own values.
        "versions of tensors": [(name, one._version) for name, one in network.state_dict().items()],  # noqa: SLF001
    }
    return flags, tensors, gradients


def check_unchanged(network: nn.Module, before: State) -> None:
    """Check that a network is as it was when `state` was called.

    Raises:
        ContractError: it is not; the message says what has changed.
    """
    flags, tensors, gradients = state(network)
    for name, known in before[0].items():
        _require(flags[name] == known, f"it changes {name} of the network")
    for what, now, then in (("the tensor", tensors, before[1]), ("the gradient of", gradients, before[2])):
        _require(now.keys() == then.keys(), f"it adds or removes {what} of a module")
        for name, value in now.items():
            _require(_same(value, then[name]), f"it changes {what} {name} of the network")


def lived_in(network: nn.Module) -> nn.Module:
    """Leave in a network what a caller may have left in it: gradients, mixed training flags, and a hook."""
    network.train()
    first, *rest = network.children()
    first.eval()
    rest[1].register_forward_hook(lambda *_: None)
    for number, parameter in enumerate(network.parameters()):
        if number % 2:
            parameter.grad = torch.full_like(parameter, 0.5)
    return network


def _networks() -> dict[str, Make]:
    configs = {
        "two linear layers": NetworkConfig(),
        "pooling and one linear layer": NetworkConfig(head="gap"),
        "leaky ReLU": NetworkConfig(activation="leaky_relu"),
    }
    return {name: partial(_evaluating, config) for name, config in configs.items()}


def _evaluating(config: NetworkConfig) -> nn.Module:
    return build(config).eval()


def _maps(network: nn.Module, text: str, images: Tensor) -> Tensor | None:
    """Return the heatmaps, or None if the method has no answer on this network."""
    try:
        return explain(network, images, text)[text]
    except NotApplicableError:
        return None


def _same(first: Tensor | None, second: Tensor | None) -> bool:
    if first is None or second is None:
        return first is second
    return torch.equal(first, second)


def _require(kept: bool, otherwise: str) -> None:  # noqa: FBT001  reads as a sentence
    if not kept:
        raise ContractError(otherwise)
