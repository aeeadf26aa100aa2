"""Networks by name: a convolutional body, a head of our own, and the activation that was asked for.

Every network is one flat `nn.Sequential` of `features`, pooling and classifying layers, so that its stages can be found
and its parts can be run alone. With global average pooling and one linear layer (`gap`) many methods give the same map;
with a finer pooling and two linear layers (`fc`) they differ.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from bench.classifiers.bodies import body, check_name, is_own, normalisation, own_network, torchvision_names
from bench.errors import BenchError
from bench.network.tracing import evaluating
from results.store.record import Record

BUILTIN = "vgg-small"
LEAK = 0.01
POOLED = 4
HIDDEN = 128
PROBE = 96
"""Side in pixels of the image that shows a body's number of channels; the smallest that all bodies take."""


class NetworkConfig(Record):
    """What a network is built from.

    Attributes:
        name: `BUILTIN`, a torchvision network, ``timm:NAME``, or a user's own ``package.module:factory``, a function
            from the number of classes to a network with logits, for RGB images normalised as for ImageNet.
        head: ``gap``, global average pooling and one linear layer; or ``fc``, pooling to 4 x 4 and two;
            a user's own network has its own.
        activation: of the body: ``relu``, or ``leaky_relu`` with a slope of 0.01.
        classes: number of logits.
    """

    FIRST: ClassVar = frozenset({"name", "head", "activation", "classes"})

    name: str = BUILTIN
    head: Literal["gap", "fc"] = "fc"
    activation: Literal["relu", "leaky_relu"] = "relu"
    classes: int = Field(2, ge=1)

    @property
    def channels(self) -> int:
        """Channels of the input: 1 for the built-in network, which takes grey images, and 3 for all others."""
        return 1 if self.name == BUILTIN else 3

    @property
    def normalisation(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of each input channel, for images in [0, 1]."""
        if self.name == BUILTIN:
            return (0.5,), (0.25,)
        return normalisation(self.name)


def network_config(name: str, head: str = "fc", activation: str = "relu") -> NetworkConfig:
    """Return the network of this name, with as many classes as there are by default.

    Raises:
        BenchError: there is none.
    """
    if name != BUILTIN:
        check_name(name)
    return NetworkConfig.model_validate({"name": name, "head": head, "activation": activation})


def network_names() -> list[str]:
    """Return the names that `NetworkConfig` takes, without those of timm, ``timm:NAME``."""
    return [BUILTIN, *torchvision_names()]


def build(config: NetworkConfig, *, weights: str = "none", seed: int = 0) -> nn.Module:
    """Build a network.

    Args:
        config: what to build.
        weights: of the body: ``none`` for random ones, ``imagenet`` for torchvision's, or a file of
            torchvision's keys, safetensors or a pickle that holds nothing but tensors.
        seed: of all random weights.

    Returns:
        In training mode, on the CPU: (B, channels, H, W), prepared by `prepare`, to logits (B, classes).

    Raises:
        BenchError: the weights cannot be downloaded or read, or do not fit the body.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if is_own(config.name):
            return own_network(config.name, config.classes)
        features = _body(config.name, weights)
        if config.head == "gap" and isinstance(features, nn.Sequential) and isinstance(features[-1], nn.MaxPool2d):
            features = features[:-1]  # as in the CAM paper's VGG: the average is taken of the last stage itself
        if config.activation == "leaky_relu":
            _leak(features)
        width = _width(features, config)
        return nn.Sequential(OrderedDict([("features", features), *_head(config.head, width, config.classes)]))


def prepare(images: Tensor, config: NetworkConfig) -> Tensor:
    """Normalise images from 0 to 255, (B, 1 or 3, H, W), for the network: float32, (B, channels, H, W)."""
    mean, deviation = (torch.tensor(values, device=images.device) for values in config.normalisation)
    scaled = images.float() / 255
    return (scaled.expand(-1, config.channels, -1, -1) - mean[:, None, None]) / deviation[:, None, None]


def _body(name: str, weights: str) -> nn.Module:
    if name != BUILTIN:
        return body(name, weights)
    if weights != "none":
        raise BenchError(f"the built-in network has no weights {weights!r}; leave --weights out")
    return _vgg_small()


def _vgg_small() -> nn.Sequential:
    """Return five stages of 3 x 3 convolutions with pooling between them."""
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


def _leak(features: nn.Module) -> None:
    """Replace every ReLU by a leaky ReLU."""
    for module in list(features.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, nn.LeakyReLU(LEAK, inplace=child.inplace))


def _width(features: nn.Module, config: NetworkConfig) -> int:
    """Return the number of channels of the output of `features`.

    Raises:
        BenchError: it takes images of one size only, or its output is no feature maps.
    """
    image = torch.zeros(1, config.channels, PROBE, PROBE)
    try:
        with evaluating(features), torch.no_grad():
            output = features(image)
    except (AssertionError, RuntimeError, ValueError) as error:
        raise BenchError(f"{config.name} cannot take images of any size: {error}") from error
    if output.dim() != 4:
        raise BenchError(f"{config.name} returns {tuple(output.shape)}, not feature maps (B, K, h, w)")
    return int(output.shape[1])


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
