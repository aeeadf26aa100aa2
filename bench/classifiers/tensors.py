"""Tensors from files of unknown origin, read without running any code in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from bench.errors import BenchError


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file, or of a pickle that holds nothing but tensors.

    Raises:
        BenchError: there is no such file, or it holds anything else.
    """
    if not path.is_file():
        raise BenchError(f"there are no weights at {path}")
    try:
        if path.suffix == ".safetensors":
            tensors: object = load_file(path)
        else:
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # What a damaged pickle raises depends on its bytes; whatever it is, the file is refused.
        raise BenchError(f"{path} cannot be read as weights and is refused: {error}") from error
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise BenchError(f"{path} holds something else than a dictionary of tensors")
    if damaged := [name for name, one in tensors.items() if one.is_floating_point() and not one.isfinite().all()]:
        raise BenchError(f"{path} holds values that are not finite, in {damaged[0]}: its training diverged")
    return tensors


def name_weights(weights: str) -> str:
    """Return a name for `weights` that is the same on any machine: for a file, its name and the digest of its bytes.

    Raises:
        BenchError: there is no such file.
    """
    if weights in {"none", "imagenet"}:
        return weights
    path = Path(weights)
    if not path.is_file():
        raise BenchError(f"there are no weights at {path}; write none, imagenet or the path of a file")
    return f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"


def fill(network: nn.Module, path: Path) -> None:
    """Load all tensors of `network` from a file.

    Raises:
        BenchError: there is no such file, it is refused, or its tensors do not fit the network.
    """
    try:
        network.load_state_dict(load_tensors(path))
    except RuntimeError as error:
        raise BenchError(f"{path} does not fit the network: {error}") from error
