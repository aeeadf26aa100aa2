"""Networks behind a layer, views of them, and what has to add up there."""

import torch
from torch import nn
from torch.nn import functional

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import parse
from tests.helpers.small_networks import Dense, Residual, convolution, pictures, seeded

EXACT = 1e-9


def evidence_of(network, texts, target=None, count=2):
    images, specs = pictures(count).double(), [parse(text) for text in texts]
    labels = torch.arange(count) % 3
    return Evidence(network, examine(network, images), images, target or Target(), specs, labels=labels), specs


def view_of(network, text="lift-cam/stages", target=None):
    evidence, (spec,) = evidence_of(network, [text], target)
    return View(evidence, spec)


def assert_lifted_in_full(view):
    for layer in view.layers:
        zeros = torch.zeros_like(view.activation(layer)[:1])
        behind = [view.scores_behind(layer, image, 1, lambda *_, zeros=zeros: zeros) for image in range(2)]
        contributions = view.deep_lift(layer)
        assert not contributions.requires_grad
        found, expected = contributions.sum((1, 2, 3)), view.score - torch.cat(behind)
        torch.testing.assert_close(found, expected, rtol=EXACT, atol=EXACT, msg=layer)
    assert view.layers
    assert view.notes == {}


def assert_relevance_arrives(view, total):
    for layer in view.layers:
        arrived = view.relevance(layer)
        assert not arrived.requires_grad
        torch.testing.assert_close(
            arrived.sum((1, 2, 3)), torch.full((2,), total, dtype=torch.float64), rtol=0, atol=EXACT
        )
    assert view.notes == {}


ONES = torch.ones(4, 8, 2, 2)


class Made(nn.Module):
    """One convolution, and a function of it and of what went in."""

    def __init__(self, function, channels=8):
        super().__init__()
        self.convolve, self.function = convolution(8, channels), function

    def forward(self, x):
        return self.function(x, self.convolve(x))


def in_place(x, made):
    made *= 2
    made += x
    return made.relu_()


def excited(x, made):
    return x * made.mean((2, 3), keepdim=True).sigmoid()


def by_halves(x, made):
    one, other = made.chunk(2, 1)
    return torch.cat([one * other.sigmoid(), torch.relu(one) - x[:, :4]], 1)


BLOCKS = {
    "functional": lambda: Made(lambda x, made: functional.relu(made)),
    "in place": lambda: Made(in_place),
    "reused ReLU": lambda: Residual(8),
    "dense": lambda: Dense(8, 4),
    "overlapping maxima": lambda: nn.MaxPool2d(3, 2, 1),
    "maxima to a size": lambda: nn.AdaptiveMaxPool2d((5, 7)),
    "maxima": lambda: Made(lambda x, made: made.amax((2, 3), keepdim=True)),
    "means": lambda: nn.AvgPool2d(3, 2, 1),
    "gate": lambda: Made(lambda x, made: x * made.sigmoid()),
    "swish by hand": lambda: Made(lambda x, made: made * made.sigmoid()),
    "squeeze and excitation": lambda: Made(excited),
    "halves": lambda: Made(by_halves),
    "quotient and difference": lambda: Made(lambda x, made: made / 3 - 0.5 * x),
    "by keyword": lambda: Made(lambda x, made: functional.conv2d(input=x, weight=ONES.to(x), stride=2)),
    **{kind.__name__: kind for kind in (nn.SiLU, nn.GELU, nn.PReLU, nn.Hardswish, nn.ELU, nn.Tanh, nn.ReLU6)},
}  # fmt: skip


def network_with(block, classes=1):
    """`block` behind a layer of 8 channels; its output goes to 6 by 3 x 4 positions, and to the logits."""

    def build():
        stem = convolution(3, 8), nn.ReLU()
        rest = nn.LazyConv2d(6, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((3, 4)), nn.Flatten(), nn.Linear(72, classes)
        network = nn.Sequential(*stem, block(), *rest).eval()
        with torch.no_grad():
            network(pictures(1))
        return network

    network = seeded(build).double()
    for module in network.modules():  # what is active by a bias alone has nobody to hand relevance to
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.zeros_(module.running_mean)
    return network
