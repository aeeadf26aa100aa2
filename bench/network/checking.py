"""Checks of what a caller brings before any work is done: a network, images, and whether the two fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from bench.errors import BenchError

NAMES = ("logits", "out")
"""Keys and attributes under which networks return their logits beside other outputs; the first one counts."""
QUANTISED = "quantized"
"""A part of the name of every module of torch's quantised networks."""


def usable(network: nn.Module) -> nn.Module:
    """Return the network whose modules run: `network` itself, or what `torch.compile` made it from.

    Raises:
        BenchError: it is not a module, or its modules do not run one by one.
    """
    if not isinstance(network, nn.Module):
        raise BenchError(f"the network is a {type(network).__name__}, and not a torch.nn.Module")
    inner = getattr(network, "_orig_mod", network)
    if isinstance(inner, torch.jit.ScriptModule):
        raise BenchError("the network is scripted, so that its layers cannot be read: give the module it was made from")
    quantised = [name for name, module in inner.named_modules() if QUANTISED in type(module).__module__]
    if quantised:
        raise BenchError(
            f"the network is quantised ({quantised[0]}) and has no gradients: give the one it was made from"
        )
    return inner


def check_images(network: nn.Module, images: Tensor) -> None:
    """Check that `images` are (B, C, H, W), finite, and of the type and on the device of the network's parameters.

    Raises:
        BenchError: they are not; the message says what to do.
    """
    shape = tuple(images.shape)
    if images.dim() == 3:
        raise BenchError(f"images have to be (B, C, H, W), not {shape}; one image is images[None]")
    if images.dim() != 4 or 0 in shape:
        raise BenchError(f"images have to be (B, C, H, W), not {shape}")
    if not images.is_floating_point():
        raise BenchError(f"images have to be prepared as the network expects them, floats and not {images.dtype}")
    if not images.isfinite().all():
        raise BenchError("images hold values that are not finite")
    parameter = next((one for one in network.parameters() if one.is_floating_point()), None)
    if parameter is not None and parameter.device != images.device:
        raise BenchError(f"the network is on {parameter.device} and the images on {images.device}")
    if parameter is not None and parameter.dtype != images.dtype and not torch.is_autocast_enabled(images.device.type):
        raise BenchError(f"the network is {parameter.dtype} and the images {images.dtype}: convert one of them")


def logits_of(output: Any) -> Tensor:
    """Return the logits, (B, classes), among the outputs of a network: a tensor, a mapping, an object or a tuple.

    Of several tensors it is the one called ``logits`` or ``out``, or the first, which auxiliary heads follow.

    Raises:
        BenchError: there is no such tensor, or it has another shape.
    """
    logits = output
    for name in NAMES:
        if isinstance(output, Mapping) and name in output:
            logits = output[name]
            break
        if not isinstance(output, Tensor) and isinstance(getattr(output, name, None), Tensor):
            logits = getattr(output, name)
            break
    else:
        if isinstance(output, tuple | list) and output:
            logits = output[0]
    if not isinstance(logits, Tensor):
        what = f"a mapping of {', '.join(map(str, output))}" if isinstance(output, Mapping) else type(output).__name__
        raise BenchError(f"the network must give logits (B, classes), alone, first or as 'logits'; it gives {what}")
    if logits.dim() != 2 or not logits.is_floating_point():
        raise BenchError(f"the network must give logits (B, classes), not {tuple(logits.shape)} {logits.dtype}")
    return logits


def of_two_classes(logits: Tensor) -> Tensor:
    """Return logits, (B, classes), as they are, but a single logit as those of two classes, 0 and itself, (B, 2)."""
    return torch.cat([torch.zeros_like(logits), logits], 1) if logits.shape[1] == 1 else logits
