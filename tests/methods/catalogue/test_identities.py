"""Methods that are the same map by construction, and that differ where they should."""

from itertools import combinations

import pytest
import torch

from bench import explain
from methods import METHODS, NotApplicableError
from results.metrics.levels import to_levels
from tests.helpers.small_networks import INPLACE, LEAKY, chain, dense, pictures, residual

TIGHT = {"rtol": 1e-9, "atol": 1e-15}


def shapes(network, texts, **options):
    """Each map divided by its maximum: equal where maps are proportional."""
    maps = explain(network.double(), pictures().double(), texts, **options)
    for text, one in maps.items():
        assert one.amax((1, 2)).min() > 0, f"{text} says nothing of some image"
    return [one / one.amax((1, 2), keepdim=True) for one in maps.values()]


# In torchvision's DenseNet a stage can be negative; behind the last ReLU it is not.
POOLED = {
    "chain": (chain(INPLACE, "gap"), "last"),
    "leaky": (chain(LEAKY, "gap"), "last"),
    "residual": (residual("gap"), "last"),
    "dense": (dense("gap"), "last"),
}


@pytest.mark.parametrize("make", POOLED)
@pytest.mark.parametrize("target", ["1", "predicted", "1-margin"])
def test_behind_pooling_and_one_linear_layer_four_methods_are_one(make, target):
    network, layers = POOLED[make]
    cam, *others = (
        shapes(network, [text], target=target, layers=layers)[0]
        for text in ("cam", "grad-cam", "hires-cam", "xgrad-cam")
    )
    for other in others:
        torch.testing.assert_close(other, cam, **TIGHT)


def test_and_three_of_them_have_the_same_values():
    network = POOLED["chain"][0].double()
    images = pictures().double()
    maps = explain(network, images, ["cam", "grad-cam", "hires-cam", "xgrad-cam"])
    positions = 6 * 8
    torch.testing.assert_close(maps["grad-cam"], maps["hires-cam"], **TIGHT)
    torch.testing.assert_close(maps["grad-cam"], maps["xgrad-cam"], **TIGHT)
    torch.testing.assert_close(positions * maps["grad-cam"], maps["cam"], **TIGHT)


@pytest.mark.parametrize("kind", ["gap", "fc"])
def test_elementwise_is_layer_cam_where_activations_are_not_negative(kind):
    network, images = chain(INPLACE, kind).double(), pictures().double()
    for layers in ("stages", "last", "S1-S2"):
        first, second = explain(network, images, [f"grad-cam-elementwise/{layers}", f"layer-cam/{layers}"]).values()
        assert first.any()
        torch.testing.assert_close(first, second, **TIGHT)


def test_elementwise_is_not_layer_cam_where_activations_are_negative():
    network, images = chain(LEAKY).double(), pictures().double()
    first, second = explain(network, images, ["grad-cam-elementwise/S2", "layer-cam/S2"]).values()
    assert not torch.allclose(first, second, rtol=1e-3)


@pytest.mark.parametrize("delta", [0, 30, 50, 90])
@pytest.mark.parametrize("make", [INPLACE, LEAKY])
@pytest.mark.parametrize("layers", ["stages", "convs"])
def test_truncated_hires_cam_is_truncated_layer_cam(make, layers, delta):
    network, images = chain(make).double(), pictures().double()
    for rules in (f"+lt@{delta}", f"+fgbp@50+lt@{delta}"):
        first, second = explain(network, images, [f"hires-cam/{layers}{rules}", f"layer-cam/{layers}{rules}"]).values()
        assert torch.equal(first, second)


def test_truncation_makes_no_two_methods_the_same_on_signed_tensors_but_those():
    random = torch.Generator().manual_seed(0)
    activation, gradient = torch.randn(2, 2, 5, 4, 6, generator=random, dtype=torch.float64)
    compute = {name: method.compute for name, method in METHODS.items()}
    positive = gradient.relu()
    assert torch.equal(compute["hires-cam"](activation, positive), compute["layer-cam"](activation, positive))
    assert not torch.allclose(compute["hires-cam"](activation, gradient), compute["layer-cam"](activation, gradient))


DIFFERENT = (
    "grad-cam", "grad-cam++", "xgrad-cam", "hires-cam", "layer-cam/last", "grad-cam/stages", "layer-cam",
    "lt-grad-cam", "lt-layer-cam", "ra-cam", "ra-cam-pooled", "random", "centre", "every-pixel",
)  # fmt: skip


def test_behind_two_linear_layers_methods_differ():
    images = pictures(count=1).double()
    maps = explain(chain(LEAKY).double(), images, DIFFERENT)
    shapes = {text: one / one.amax() for text, one in maps.items()}
    for first, second in combinations(DIFFERENT, 2):
        gap = (shapes[first] - shapes[second]).abs().amax()
        assert gap > 0.01, f"{first} and {second} are the same"


def with_bias(kind, shift):
    """Return a network whose logit 1 is shifted for every image."""
    network = chain(INPLACE, kind).double()
    with torch.no_grad():
        network.classifier.bias[1] += shift
    return network


@pytest.mark.parametrize("target", ["1", "1-margin"])
@pytest.mark.parametrize("kind", ["gap", "fc"])
@pytest.mark.parametrize("name", METHODS)
def test_a_shift_of_the_explained_logit_moves_no_level(name, kind, target):
    images, levels, signs = pictures().double(), [], []
    for shift in (-50, 0, 50):
        network = with_bias(kind, shift)
        signs.append(network(images)[:, 1].sign().unique().tolist())
        try:
            levels.append(to_levels(explain(network, images, name, target=target)[name]).int())
        except NotApplicableError:
            assert name == "cam"
            return
    assert signs[0] == [-1]
    assert signs[2] == [1]
    for other in levels[1:]:
        # A value that rounding moves over the edge of a level moves by one.
        assert (other - levels[0]).abs().max() <= 1
        assert (other != levels[0]).double().mean() < 0.01
