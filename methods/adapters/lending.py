"""Lending a network to another library, which may do anything with it, and getting it back as it was."""

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
    """The network that a library gets: one that may write on its input, and that returns logits or a score."""

    def __init__(self, network: nn.Module, answer: Callable[[Tensor], Tensor] = lambda logits: logits) -> None:
        """Let `answer`, a function of logits (n, classes), follow `network`."""
        super().__init__()
        self.network = network
        self._answer = answer

    def forward(self, images: Tensor) -> Tensor:
        """Return the answer to `images`, (n, C, H, W), of which the network gets a copy, since they may be a leaf."""
        return self._answer(self.network(images.clone()))


@contextmanager
def lent(view: EvidenceView, number: int, count: int = 1) -> Iterator[Tensor]:
    """Prepare a library's call that explains one image of the batch, and leave no trace of it afterwards.

    It is one image at a time, so that what a library draws or ablates does not depend on the rest of the batch. Within
    the context the network is in evaluation mode, and none of its modules works in place, since libraries would read
    overwritten outputs; its tensors are aliases that require gradients, also of a frozen network; random numbers come
    from the image's seed; nothing is printed.

    Args:
        view: of the evidence.
        number: of the image in the batch.
        count: number of images from that on; more than one only where time matters, and not what a library draws.

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
    """Restore `network` at the end of the context, whatever was done to it, also after an error.

    That is: its modules, all their attributes, training flags and hooks; the gradients of its parameters, which have
    none within the context, and whether they require gradients. Values of parameters and buffers are not restored.
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
    """Replace all parameters and buffers by new ones with the same memory; the parameters require gradients.

    A library that writes on them, even with the same values, then does not write on tensors that a graph of the caller
    has saved, through which no backward pass could go any more.
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
"""The attributes of a module, and the items of those that are dictionaries, such as hooks and children."""


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
    """Seed torch and NumPy within the context; the caller's random generators stay as they were."""
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
