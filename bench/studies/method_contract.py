"""What every method has to keep to on any network, as checks that can be run on a new one."""

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
"""Makes the same network anew at every call, in evaluation mode, with three parts or more."""
NO_SUCH_CLASS = 1000
TOLERANCE = 1e-4
"""Of a map, relative to its maximum: sums over a batch are taken in another order, and roots make more of that."""
SIDE = 64


class ContractError(BenchError):
    """Says what a method does that it must not."""


@dataclass(frozen=True)
class Breach:
    """A rule that a method breaks.

    Attributes:
        method: its short text.
        network: on which it does.
        reason: what it does.
    """

    method: str
    network: str
    reason: str


def breaches(text: str) -> Iterator[Breach]:
    """Yield what the method with this short text breaks, on the built-in network with either head and with leaks."""
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
    """Check that maps are (B, H, W) float32, finite, not negative and off the graph.

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
    _require(not maps.requires_grad, "its maps are still on the graph")


def check_same_in_any_batch(text: str, make: Make, images: Tensor) -> None:
    """Check that the map of an image is the same, whatever else is in the batch.

    Raises:
        ContractError: it is not.
    """
    network = make()
    together = _maps(network, text, images)
    if together is None or METHODS[parse(text).name].chance:
        return  # the floors draw from the seeds of the images
    for image, maps in zip(images, together, strict=True):
        (alone,) = explain(network, image[None], text)[text]
        close = torch.allclose(alone, maps, rtol=TOLERANCE, atol=TOLERANCE * maps.max().item())
        _require(close, "the map of an image depends on what else is in the batch")


def check_leaves_all_as_it_was(text: str, make: Make, images: Tensor) -> None:
    """Check that network, images and everyone's random generator are left as they were, also after an error.

    Raises:
        ContractError: they are not.
    """
    network, images = lived_in(make()), images[:2].clone()
    for target in (1, NO_SUCH_CLASS):
        before, pixels, drawn = state(network), images.clone(), torch.get_rng_state()
        with suppress(NotApplicableError) if target == 1 else suppress(BenchError):
            explain(network, images, text, target=target)
        check_unchanged(network, before)
        _require(torch.equal(images, pixels), "it writes on the images")
        _require(not images.requires_grad and images.grad is None, "it leaves gradients on the images")
        _require(torch.equal(torch.get_rng_state(), drawn), "it draws from the random generator of everyone")


CHECKS = (check_well_formed, check_same_in_any_batch, check_leaves_all_as_it_was)

State = tuple[dict[str, Any], dict[str, Tensor], dict[str, Tensor | None]]


def state(network: nn.Module) -> State:
    """Return everything about a network that a caller could notice: flags and hooks, tensors, gradients."""
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
        # A graph that is held cannot go back to a tensor that was written on, with its own values too.
        "versions of tensors": [(name, one._version) for name, one in network.state_dict().items()],  # noqa: SLF001
    }
    return flags, tensors, gradients


def check_unchanged(network: nn.Module, before: State) -> None:
    """Check that a network is as it was when `state` was called.

    Raises:
        ContractError: it is not; the message says what is no longer the same.
    """
    flags, tensors, gradients = state(network)
    for name, known in before[0].items():
        _require(flags[name] == known, f"it changes {name} of the network")
    for what, now, then in (("the tensor", tensors, before[1]), ("the gradient of", gradients, before[2])):
        _require(now.keys() == then.keys(), f"it adds or removes {what} of a module")
        for name, value in now.items():
            _require(_same(value, then[name]), f"it changes {what} {name} of the network")


def lived_in(network: nn.Module) -> nn.Module:
    """Give a network what a caller may have left in it: gradients, mixed training flags, a hook."""
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
    """Return the maps, or None where the method says that it has no answer on this network."""
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
