"""Networks by name: a convolutional body, a head of our own, and the activation that was asked for.

Every network is one flat `nn.Sequential` of `features`, pooling and classifying layers, so that its stages
are found and its parts run apart. Behind global average pooling and one linear layer (`gap`) many methods
give the same map; behind a finer pooling and two linear layers (`fc`) they differ.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from bench.classifiers.tensors import load_tensors
from bench.environment import import_torchvision
from bench.errors import BenchError

BUILTIN = "vgg-small"
LEAK = 0.01
POOLED = 4
HIDDEN = 128

Body = Callable[[nn.Module], nn.Module]


class NetworkConfig(BaseModel):
    """What a network is built from.

    Attributes:
        name: `BUILTIN` or a torchvision network.
        head: ``gap``, global average pooling and one linear layer; or ``fc``, pooling to 4 x 4 and two.
        activation: of the body: ``relu``, or ``leaky_relu`` with a slope of 0.01.
        classes: number of logits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = BUILTIN
    head: Literal["gap", "fc"] = "fc"
    activation: Literal["relu", "leaky_relu"] = "relu"
    classes: int = Field(2, ge=1)

    @property
    def channels(self) -> int:
        """Channels of the input: the built-in network takes grey images, torchvision's take RGB."""
        return 1 if self.name == BUILTIN else 3

    @property
    def normalisation(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of each input channel, for images in [0, 1]."""
        if self.name == BUILTIN:
            return (0.5,), (0.25,)
        return (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _features(network: nn.Module) -> nn.Module:
    return network.get_submodule("features")


def _densenet(network: nn.Module) -> nn.Module:
    """Torchvision's DenseNet ends its features by a functional ReLU; here it is a module."""
    return nn.Sequential(OrderedDict([*_features(network).named_children(), ("relu5", nn.ReLU(inplace=True))]))


def _resnet(network: nn.Module) -> nn.Module:
    head = ("avgpool", "fc")
    return nn.Sequential(OrderedDict((name, part) for name, part in network.named_children() if name not in head))


_BODIES: dict[str, Body] = {
    "vgg": _features,
    "squeezenet": _features,
    "densenet": _densenet,
    "resnet": _resnet,
}
FAMILIES = tuple(_BODIES)
HEADS = ("classifier.", "fc.")
"""How torchvision's keys of classifying layers begin; ours take their place."""


def network_names() -> list[str]:
    """Return every name that `NetworkConfig` takes."""
    return [
        BUILTIN,
        *(name for name in import_torchvision().models.list_models() if name.startswith(FAMILIES)),
    ]


def build(config: NetworkConfig, *, weights: str = "none", seed: int = 0) -> nn.Sequential:
    """Build a network.

    Args:
        config: what to build.
        weights: of the body: ``none`` for random ones, ``imagenet`` for torchvision's, or a file of
            torchvision's keys, safetensors or a pickle that holds nothing but tensors.
        seed: of all random weights.

    Returns:
        In training mode, on the CPU: (B, channels, H, W), prepared by `prepare`, to logits (B, classes).

    Raises:
        BenchError: the weights cannot be had, or do not fit the body.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        body = _body(config.name, weights)
        if config.activation == "leaky_relu":
            _leak(body)
        width = _width(body, config.channels)
        return nn.Sequential(OrderedDict([("features", body), *_head(config.head, width, config.classes)]))


def prepare(images: Tensor, config: NetworkConfig) -> Tensor:
    """Turn images from 0 to 255, (B, 1 or 3, H, W), into what the network takes, float32 (B, channels, H, W)."""
    mean, deviation = (torch.tensor(values, device=images.device) for values in config.normalisation)
    scaled = images.float() / 255
    return (scaled.expand(-1, config.channels, -1, -1) - mean[:, None, None]) / deviation[:, None, None]


def _body(name: str, weights: str) -> nn.Module:
    if name != BUILTIN:
        return _torchvision_body(name, weights)
    if weights != "none":
        raise BenchError(f"the built-in network has no weights {weights!r}; leave --weights out")
    return _vgg_small()


def _vgg_small() -> nn.Sequential:
    """Five stages of 3 x 3 convolutions, each but the last followed by pooling."""
    layers: list[nn.Module] = []
    width = 1
    for stage, (channels, depth) in enumerate(((16, 1), (32, 2), (48, 2), (64, 2), (64, 2))):
        if stage:
            layers.append(nn.MaxPool2d(2))
        for _ in range(depth):
            convolution = nn.Conv2d(width, channels, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
            width = channels
    return nn.Sequential(*layers)


def _torchvision_body(name: str, weights: str) -> nn.Module:
    models = import_torchvision().models
    if weights == "imagenet":
        try:
            whole = models.get_model(name, weights="DEFAULT")
        except OSError as error:
            raise BenchError(f"torchvision's weights of {name} cannot be downloaded: {error}") from error
    else:
        whole = models.get_model(name, weights=None)
        if weights != "none":
            _load_body(whole, Path(weights))
    family = next(family for family in FAMILIES if name.startswith(family))
    return _BODIES[family](whole)


def _load_body(whole: nn.Module, path: Path) -> None:
    """Load torchvision's keys but those of the classifying layers, which may be absent."""
    body = {key: one.float() for key, one in load_tensors(path).items() if not key.startswith(HEADS)}
    try:
        result = whole.load_state_dict(body, strict=False)
    except RuntimeError as error:
        raise BenchError(f"{path} does not fit {type(whole).__name__}: {error}") from error
    missing = [key for key in result.missing_keys if not key.startswith(HEADS)]
    if missing or result.unexpected_keys:
        wrong = [*missing, *result.unexpected_keys]
        raise BenchError(f"{path} does not fit {type(whole).__name__}: {len(wrong)} keys differ, such as {wrong[0]}")


def _leak(body: nn.Module) -> None:
    """Put a leaky ReLU in the place of every ReLU."""
    for module in list(body.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.LeakyReLU(LEAK, inplace=child.inplace))


def _width(body: nn.Module, channels: int) -> int:
    """Return the number of channels that `body` gives out."""
    training = body.training
    body.eval()
    with torch.no_grad():
        width = body(torch.zeros(1, channels, 64, 64)).shape[1]
    body.train(training)
    return int(width)


def _head(head: str, width: int, classes: int) -> list[tuple[str, nn.Module]]:
    if head == "gap":
        return [
            ("pool", nn.AdaptiveAvgPool2d(1)),
            ("flatten", nn.Flatten()),
            ("classifier", nn.Linear(width, classes)),
        ]
    return [
        ("pool", nn.AdaptiveAvgPool2d(POOLED)),
        ("flatten", nn.Flatten()),
        ("hidden", nn.Linear(width * POOLED**2, HIDDEN)),
        ("relu", nn.ReLU(inplace=True)),
        ("dropout", nn.Dropout(0.2)),
        ("classifier", nn.Linear(HIDDEN, classes)),
    ]
