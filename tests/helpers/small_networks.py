"""Tiny networks of every make that evidence has to cope with."""

from collections import OrderedDict
from functools import partial

import torch
from torch import nn

SIZE = (24, 32)
CLASSES = 3
TELLING = 27  # a seed with which every method finds something in every picture and network below
INPLACE = partial(nn.ReLU, inplace=True)
SOLID = nn.ReLU
LEAKY = partial(nn.LeakyReLU, 0.1, inplace=True)


class Residual(nn.Module):
    """Adds by ``+`` and runs one ReLU module twice, as torchvision's blocks do."""

    def __init__(self, width):
        super().__init__()
        self.first = convolution(width, width)
        self.norm = nn.BatchNorm2d(width)
        self.second = convolution(width, width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.second(self.relu(self.norm(self.first(x)))) + x)


class Dense(nn.Module):
    """Puts what it makes beside what it was given."""

    def __init__(self, width, growth):
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.grow = convolution(width, growth)

    def forward(self, x):
        return torch.cat([x, self.grow(torch.relu(self.norm(x)))], 1)


class Wrapper(nn.Module):
    """What many a project puts around torchvision's networks."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        return self.backbone(x)


def convolution(width, channels, **options):
    return nn.Conv2d(width, channels, 3, padding=1, **options)


def head(kind, width, classes=CLASSES):
    if kind == "gap":
        return [
            ("pool", nn.AdaptiveAvgPool2d(1)),
            ("flatten", nn.Flatten()),
            ("classifier", nn.Linear(width, classes)),
        ]
    return [
        ("pool", nn.AdaptiveAvgPool2d((3, 4))),
        ("flatten", nn.Flatten()),
        ("hidden", nn.Linear(width * 12, 10)),
        ("act", nn.ReLU(inplace=True)),
        ("drop", nn.Dropout(0.5)),
        ("classifier", nn.Linear(10, classes)),
    ]


def seeded(build, *arguments, seed=TELLING, **options):
    """Build in evaluation mode, with weights and statistics that do not change from call to call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(*arguments, **options)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.2)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


def _chain(act, kind, classes=CLASSES):
    layers = [
        ("conv1", convolution(3, 8)), ("act1", act()),
        ("pool1", nn.MaxPool2d(2)),
        ("conv2", convolution(8, 8, bias=False)), ("norm2", nn.BatchNorm2d(8)), ("act2", act()),
        ("pool2", nn.MaxPool2d(2)),
        ("conv3", convolution(8, 12)), ("act3", act()),
    ]  # fmt: skip
    return nn.Sequential(OrderedDict([*layers, *head(kind, 12, classes)]))


def chain(act=INPLACE, kind="fc", classes=CLASSES, seed=TELLING):
    """VGG in small: three stages, ``act1`` to ``act3``."""
    return seeded(_chain, act, kind, classes, seed=seed)


def frozen(kind="fc"):
    return chain(kind=kind).requires_grad_(False)


def residual(kind="fc"):
    def build():
        return nn.Sequential(
            OrderedDict([
                ("stem", convolution(3, 8)), ("act", nn.ReLU(inplace=True)),
                ("pool1", nn.MaxPool2d(2)), ("block1", Residual(8)),
                ("pool2", nn.AvgPool2d(2)), ("block2", Residual(8)),
                *[("head_" + name, module) for name, module in head(kind, 8)],
            ])
        )  # fmt: skip

    return seeded(build)


def dense(kind="fc"):
    def build():
        return nn.Sequential(
            OrderedDict([
                ("stem", convolution(3, 6)), ("act", nn.ReLU(inplace=True)),
                ("pool1", nn.MaxPool2d(2)), ("block1", Dense(6, 4)), ("transition", convolution(10, 8)),
                ("pool2", nn.AvgPool2d(2)), ("block2", Dense(8, 4)), ("norm", nn.BatchNorm2d(12)),
                ("last", nn.ReLU(inplace=True)),
                *[("head_" + name, module) for name, module in head(kind, 12)],
            ])
        )  # fmt: skip

    return seeded(build)


NETWORKS = {
    "in-place ReLU": chain,
    "in-place ReLU, gap": partial(chain, kind="gap"),
    "ReLU": partial(chain, SOLID),
    "leaky ReLU": partial(chain, LEAKY),
    "frozen": frozen,
    "frozen, gap": partial(frozen, kind="gap"),
    "residual": residual,
    "residual, gap": partial(residual, kind="gap"),
    "dense": dense,
    "dense, gap": partial(dense, kind="gap"),
}


def pictures(count=2, size=SIZE, seed=1, channels=3):
    return torch.randn(count, channels, *size, generator=torch.Generator().manual_seed(seed))
