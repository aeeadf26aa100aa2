"""Maps are found in what layers give, wherever their channels and positions stand."""

import pytest
import torch
from torch import nn

from bench.network.layout import Layout, layouts
from bench.network.tracing import evaluating, record
from bench.provenance import import_torchvision


def found(network, size=(24, 32)):
    with evaluating(network), torch.no_grad():
        _, calls = record(network, torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0)))
    return layouts(calls, size), {call.name: call.output for call in calls}


class Last(nn.Module):
    """Turns maps to channels last, and back at the end; its middle says nothing of its channels."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 4, stride=4)
        self.norm, self.linear, self.middle = nn.LayerNorm(5), nn.Linear(5, 7), nn.Identity()

    def forward(self, x):
        x = self.middle(self.linear(self.norm(self.conv(x).permute(0, 2, 3, 1))))
        return x.mean((1, 2))


class Tokens(nn.Module):
    """A class token and registers before one token a position."""

    def __init__(self, extra):
        super().__init__()
        self.conv, self.block = nn.Conv2d(3, 6, 4, stride=4), nn.Linear(6, 6)
        self.first = nn.Parameter(torch.arange(6.0 * extra).view(1, extra, 6))

    def forward(self, x):
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        return self.block(torch.cat([self.first, tokens], 1))[:, 0]


def test_convolutions_have_maps_as_they_are():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(3))
    kinds, outputs = found(network)
    assert {one.kind for one in kinds.values()} == {"maps"}
    assert kinds["1"] == Layout("maps", (24, 32))
    assert kinds["1"].to_maps(outputs["1"]) is outputs["1"]


def test_what_normalisations_and_linear_layers_act_on_are_channels():
    kinds, outputs = found(Last())
    for name in ("norm", "linear", "middle"):
        assert kinds[name] == Layout("channels last", (6, 8)), name
        maps = kinds[name].to_maps(outputs[name])
        assert maps.shape == (1, outputs[name].shape[-1], 6, 8)
        assert torch.equal(maps[0, 2, 1], outputs[name][0, 1, :, 2])


@pytest.mark.parametrize("extra", [0, 1, 5])
def test_tokens_are_the_positions_behind_those_in_front(extra):
    kinds, outputs = found(Tokens(extra))
    assert kinds["block"] == Layout("tokens", (6, 8), extra)
    maps = kinds["block"].to_maps(outputs["block"])
    assert torch.equal(maps[0, :, 2, 3], outputs["block"][0, extra + 2 * 8 + 3])


def test_there_and_back_again_are_what_the_layer_gave():
    for network in (Last(), Tokens(2)):
        kinds, outputs = found(network)
        for name, layout in kinds.items():
            assert torch.equal(layout.from_maps(layout.to_maps(outputs[name]), outputs[name]), outputs[name])


def test_the_axes_that_are_called_positions_are_those_that_follow_the_size_of_the_image():
    network = import_torchvision().models.swin_t(weights=None)
    (small, first), (large, second) = found(network, (64, 96)), found(network, (96, 160))
    for name, layout in small.items():
        shapes = first[name].shape[1:], second[name].shape[1:]
        moved = [axis for axis, (one, other) in enumerate(zip(*shapes, strict=True)) if one != other]
        assert set(moved) <= ({0, 1} if layout.kind == "channels last" else {1, 2}), name
        assert large[name].kind == layout.kind
