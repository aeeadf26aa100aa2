"""Convolutional bodies: a known network up to its pooling and classifying layers."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

from torch import nn

from bench.classifiers.tensors import load_tensors
from bench.errors import BenchError
from bench.provenance import import_torchvision
from methods.spelling import did_you_mean

TIMM = "timm:"
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and standard deviation of red, green and blue, for images in [0, 1]."""

_HEAD = frozenset({"avgpool", "dropout", "classifier", "fc", "AuxLogits", "aux1", "aux2"})
_WITHOUT_GRID = ("vit_", "swin_", "maxvit_")


def is_own(name: str) -> bool:
    """Tell whether `name` is a user's own factory, ``package.module:factory``."""
    return ":" in name and not name.startswith(TIMM)


def own_network(name: str, classes: int) -> nn.Module:
    """Call the user's factory with the number of classes.

    Raises:
        BenchError: there is no such factory, or it gives no `nn.Module`.
    """
    module, _, factory = name.partition(":")
    try:
        network = getattr(importlib.import_module(module), factory)(classes)
    except (ImportError, AttributeError, TypeError) as error:
        raise BenchError(f"{name} cannot be called with the number of classes: {error}") from error
    if not isinstance(network, nn.Module):
        raise BenchError(f"{name} gives a {type(network).__name__}, not a torch.nn.Module")
    return network


def torchvision_names() -> list[str]:
    """Return the names of torchvision's classification networks, without transformers, which have no feature maps."""
    models = import_torchvision().models
    return [name for name in models.list_models(module=models) if not name.startswith(_WITHOUT_GRID)]


def check_name(name: str) -> None:
    """Make sure that there is a network `name` and that it has feature maps.

    Raises:
        BenchError: there is none, or it has none.
    """
    if is_own(name):
        return
    if name.startswith(TIMM):
        if not _timm().is_model(name.removeprefix(TIMM)):
            raise BenchError(f"timm has no network {name!r}; {did_you_mean(name, _timm().list_models())}")
    elif name.startswith(_WITHOUT_GRID):
        raise BenchError(f"{name} is a transformer without feature maps, which class activation maps need")
    elif name not in torchvision_names():
        raise BenchError(f"there is no network {name!r}; {did_you_mean(name, torchvision_names())}")


def body(name: str, weights: str) -> nn.Module:
    """Build the body of torchvision's network `name`, or of timm's where it begins with ``timm:``.

    Args:
        name: of the network.
        weights: ``none`` for random ones, ``imagenet`` for the library's, or a file of the library's keys.

    Raises:
        BenchError: there is no such network, it has no feature maps, or the weights do not fit or cannot be downloaded.
    """
    check_name(name)
    if name.startswith(TIMM):
        return _timm_body(name.removeprefix(TIMM), weights)
    whole = _torchvision_network(name, weights)
    parts = OrderedDict((part, module) for part, module in whole.named_children() if part not in _HEAD)
    if name.startswith("densenet"):
        # torchvision's DenseNet ends its features by a functional ReLU; here it is a module.
        parts = OrderedDict([*whole.get_submodule("features").named_children(), ("relu5", nn.ReLU(inplace=True))])
    return nn.Sequential(parts) if len(parts) > 1 else next(iter(parts.values()))


def normalisation(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and standard deviation of each channel in the training of the weights of `name`."""
    if not name.startswith(TIMM):
        return IMAGENET
    settings = _timm().get_pretrained_cfg(name.removeprefix(TIMM))
    return (tuple(settings.mean), tuple(settings.std)) if settings else IMAGENET


def _torchvision_network(name: str, weights: str) -> nn.Module:
    models = import_torchvision().models
    try:
        whole: nn.Module = models.get_model(name, weights="DEFAULT" if weights == "imagenet" else None)
    except OSError as error:
        raise BenchError(f"torchvision's weights of {name} cannot be downloaded: {error}") from error
    if weights not in {"none", "imagenet"}:
        _load(whole, Path(weights))
    return whole


def _load(whole: nn.Module, path: Path) -> None:
    """Load the tensors of the body; those of the classifying layers may be absent, since ours replace them."""
    tensors = {key: one.float() for key, one in load_tensors(path).items() if key.split(".")[0] not in _HEAD}
    try:
        result = whole.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise BenchError(f"{path} does not fit {type(whole).__name__}: {error}") from error
    missing = [key for key in result.missing_keys if key.split(".")[0] not in _HEAD]
    if missing or result.unexpected_keys:
        wrong = [*missing, *result.unexpected_keys]
        raise BenchError(f"{path} does not fit {type(whole).__name__}: {len(wrong)} keys differ, such as {wrong[0]}")


def _timm_body(name: str, weights: str) -> nn.Module:
    """Build a body that returns the last feature maps, (B, K, h, w), before any pooling."""
    try:
        whole: nn.Module = _timm().create_model(name, pretrained=weights == "imagenet", num_classes=0, global_pool="")
    except (OSError, RuntimeError) as error:
        raise BenchError(f"timm cannot build {name} with the weights {weights}: {error}") from error
    if weights not in {"none", "imagenet"}:
        _load(whole, Path(weights))
    return whole


def _timm() -> Any:
    try:
        return importlib.import_module("timm")
    except ImportError as error:
        raise BenchError("timm is not installed: python -m pip install timm") from error
