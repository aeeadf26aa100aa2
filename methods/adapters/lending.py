"""Lending a network to a library that may do anything with it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from methods.contract import EvidenceView
from methods.errors import MethodError


class Lent(nn.Module):
    """A network as a library gets it: it may write on its input, and answers with logits or with a score."""

    def __init__(self, network: nn.Module, answer: Callable[[Tensor], Tensor] = lambda logits: logits) -> None:
        """Put `answer`, which takes logits (n, classes), behind `network`."""
        super().__init__()
        self.network = network
        self._answer = answer

    def forward(self, images: Tensor) -> Tensor:
        """Return the answer to `images`, (n, C, H, W): a leaf of the graph, so the network goes on with a copy."""
        return self._answer(self.network(images.clone()))


@contextmanager
def lent(view: EvidenceView, number: int, count: int = 1) -> Iterator[Tensor]:
    """Prepare everything for a library's call that explains one image of the batch, and leave no trace of it.

    One image at a time: what a library draws or ablates then does not depend on the rest of the batch. Within the
    context the network evaluates and no module of it works in place, which libraries take outputs from silently
    wrong; its tensors are aliases, with all gradients on, for frozen networks too; random numbers come from the image's
    seed; nothing is printed.

    Args:
        view: of the evidence.
        number: of the image.
        count: images from it on, where time matters and not what a library draws.

    Yields:
        The image, (count, C, H, W), a leaf that requires a gradient.

    Raises:
        MethodError: the library raises.
    """
    image = view.input[number : number + count].detach().clone().requires_grad_()
    with preserved(view.model), _drawing(view.seeds[number]), _silence(), torch.enable_grad():
        view.model.eval()
        _put_aliases(view.model)
        for module in view.model.modules():
            if getattr(module, "inplace", False):
                vars(module)["inplace"] = False
        try:
            yield image
        except MethodError:
            raise
        except Exception as error:
            raise MethodError(f"the library fails here: {type(error).__name__}: {error}") from error


@contextmanager
def preserved(network: nn.Module) -> Iterator[None]:
    """Give `network` back as it was, whatever is done to it within the context, also where that raises.

    That is: its modules, all their attributes, training flags and hooks; the parameters' gradients, of which there are
    none within the context, and whether parameters require them. Values of parameters and buffers are not guarded.
    """
    modules = [(vars(module), _contents(vars(module))) for module in network.modules()]
    parameters = [(parameter, parameter.grad, parameter.requires_grad) for parameter in network.parameters()]
    for parameter, _, _ in parameters:
        parameter.grad = None
    try:
        yield
    finally:
        for attributes, contents in modules:
            _refill(attributes, contents)
        for parameter, gradient, required in parameters:
            parameter.requires_grad_(required)
            parameter.grad = gradient


def _put_aliases(network: nn.Module) -> None:
    """Put parameters that require a gradient, and buffers, of the same memory in place of all that there are.

    A library that writes on them, be it with their own values, then does not write on tensors that a graph of the
    caller has kept, which could not go back any more.
    """
    aliases: dict[Tensor, Tensor] = {}
    for module in network.modules():
        parameters, buffers = vars(module)["_parameters"], vars(module)["_buffers"]
        for name, tensor in parameters.items():
            if tensor is not None:
                own = nn.Parameter(tensor.data, tensor.is_floating_point())
                parameters[name] = aliases.setdefault(tensor, own)
        for name, tensor in buffers.items():
            if tensor is not None:
                buffers[name] = aliases.setdefault(tensor, tensor.data)


Contents = dict[str, tuple[Any, dict[Any, Any] | None]]
"""The attributes of a module; of those that are dictionaries, such as hooks and children, what they hold as well."""


def _contents(attributes: dict[str, Any]) -> Contents:
    return {name: (value, dict(value) if isinstance(value, dict) else None) for name, value in attributes.items()}


def _refill(attributes: dict[str, Any], contents: Contents) -> None:
    attributes.clear()
    for name, (value, held) in contents.items():
        if held is not None:
            value.clear()
            value.update(held)
        attributes[name] = value


@contextmanager
def _drawing(seed: int) -> Iterator[None]:
    """Let torch and NumPy draw from `seed` within the context, and leave the caller's generators as they were."""
    state = np.random.get_state()  # noqa: NPY002  the generator that libraries draw from
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002


@contextmanager
def _silence() -> Iterator[None]:
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
