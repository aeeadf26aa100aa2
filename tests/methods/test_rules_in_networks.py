"""The filter at every ReLU of a network, against networks that are run backwards by hand."""

from functools import partial

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop
from torch import nn
from torch.nn import functional

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import MethodSpec, NotApplicableError
from methods.rules import Filter, filtering
from tests.helpers.slow_network import SlowNetwork
from tests.helpers.small_networks import chain, pictures, seeded
from tests.helpers.twins.arithmetic import truncated

BODY = [
    partial(nn.Conv2d, 2, 5, 3, padding=1), nn.ReLU, partial(nn.MaxPool2d, 2),
    partial(nn.Conv2d, 5, 5, 3, padding=1), partial(nn.LeakyReLU, 0.2), partial(nn.AvgPool2d, 2),
    partial(nn.Conv2d, 5, 6, 3, padding=1), nn.ReLU,
]  # fmt: skip


HEADS = {
    "gap": [partial(nn.AdaptiveAvgPool2d, 1), nn.Flatten, partial(nn.Linear, 6, 3)],
    "fc": [
        partial(nn.AvgPool2d, 2), nn.Flatten, partial(nn.Linear, 36, 7), nn.ReLU, partial(nn.Linear, 7, 3),
    ],
}  # fmt: skip


def walked(head):
    return seeded(lambda: nn.Sequential(*[make() for make in BODY + HEADS[head]])).double()


def guided(network, x, delta):
    """Return the filtered gradient of a class's logit at the input."""
    x = x.detach().clone().requires_grad_()
    score = network(x)[:, 1].sum()
    with filtering(score, Filter(delta)):
        return torch.autograd.grad(score, x)[0]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("delta", [None, 0, 30, 50, 90])
def test_the_filter_is_that_of_a_network_run_backwards_by_hand(head, delta):
    network, x = walked(head), pictures(2, (16, 24), channels=2).double()
    slow = SlowNetwork(network)
    outputs = slow.forward(x.numpy())
    np.testing.assert_allclose(outputs[-1], network(x).detach(), rtol=1e-9)
    expected = slow.gradients(np.tile([0.0, 1.0, 0.0], (2, 1)), delta)
    anatomy = examine(network, x)
    names = [name for name, layer in anatomy.layers.items() if len(layer.shape) == 3]
    assert len(names) == len(BODY) + 1
    rules = () if delta is None else (("fgbp", float(delta)),)
    specs = [MethodSpec("grad-cam", f"layer.{name}", rules=rules) for name in names]
    evidence = Evidence(network, anatomy, x, Target(), specs)
    for name, spec in zip(names, specs, strict=True):
        found = View(evidence, spec).gradient(name)
        np.testing.assert_allclose(found, expected[name], rtol=1e-9, atol=1e-15, err_msg=name)
    if delta is not None:
        np.testing.assert_allclose(guided(network, x, delta), expected[""], rtol=1e-9, atol=1e-15)
        assert expected[""].any()


def test_a_higher_delta_filters_more():
    network, x = walked("fc"), pictures(2, (16, 24), channels=2).double()
    kept = [(guided(network, x, delta) != 0).sum().item() for delta in (0, 30, 50, 90)]
    assert kept == sorted(kept, reverse=True)
    assert len(set(kept)) == 4


@pytest.mark.parametrize("kind", ["fc", "gap"])
@pytest.mark.filterwarnings("ignore:Setting backward hooks")
def test_at_0_the_filter_is_captums_guided_backpropagation(kind):
    network, x = chain(nn.ReLU, kind).double(), pictures().double()
    expected = GuidedBackprop(network).attribute(x.clone().requires_grad_(), target=1)
    torch.testing.assert_close(guided(network, x, 0), expected.detach(), rtol=1e-9, atol=1e-15)
    anatomy = examine(network, x)
    names = [name for name, layer in anatomy.layers.items() if len(layer.shape) == 3 and max(layer.shape[1:]) > 1]
    children = [name for name, _ in network.named_children()]
    for name in names:
        spec = MethodSpec("grad-cam", f"layer.{name}", rules=(("fgbp", 0.0),))
        found = View(Evidence(network, anatomy, x, Target(), [spec]), spec).gradient(name)
        cut = children.index(name) + 1
        middle = network[:cut](x).detach().requires_grad_()
        expected = GuidedBackprop(network[cut:]).attribute(middle, target=1).detach()
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-15, msg=name)


class Way(nn.Module):
    """Two convolutions and a linear layer; `act` is whatever runs between them."""

    def __init__(self, act, second=None):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 5, 3, padding=1), nn.Conv2d(5, 4, 3, padding=1)
        self.last = nn.Linear(4, 2)
        self.act, self.other = act, second or act

    def forward(self, x):
        return self.last(self.other(self.second(self.act(self.first(x)))).amax((2, 3)))


@pytest.mark.parametrize("delta", [0, 50, 90])
@pytest.mark.parametrize(
    "act",
    [
        functional.relu,
        partial(functional.relu, inplace=True),
        torch.relu,
        torch.relu_,
        torch.Tensor.relu,
        nn.ReLU(),
        nn.ReLU(inplace=True),
    ],
    ids=["F.relu", "F.relu in place", "torch.relu", "torch.relu_", "x.relu()", "reused", "reused in place"],
)
def test_every_way_to_write_a_relu_is_filtered_alike(act, delta):
    x = pictures(2, (6, 8), channels=2).double()
    plain = seeded(lambda: Way(nn.ReLU(), nn.ReLU())).double()
    other = seeded(lambda: Way(act)).double()
    expected = guided(plain, x, delta)
    assert expected.any()
    assert torch.equal(guided(other, x, delta), expected)


@pytest.mark.parametrize(
    "act",
    [
        partial(functional.leaky_relu, negative_slope=0.3),
        partial(functional.leaky_relu_, negative_slope=0.3),
        nn.LeakyReLU(0.3),
        nn.LeakyReLU(0.3, inplace=True),
    ],
    ids=["F.leaky_relu", "F.leaky_relu_", "reused", "reused in place"],
)
def test_every_way_to_write_a_leaky_relu_is_filtered_alike(act):
    x = pictures(2, (6, 8), channels=2).double()
    expected = guided(seeded(lambda: Way(nn.LeakyReLU(0.3), nn.LeakyReLU(0.3))).double(), x, 50)
    assert expected.any()
    assert torch.equal(guided(seeded(lambda: Way(act)).double(), x, 50), expected)


def pieces():
    def build():
        return nn.ModuleList([nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)])

    return seeded(build).double(), pictures(2, (6, 8), channels=2).double()


def back(convolution, gradient):
    size = (len(gradient), convolution.in_channels, *gradient.shape[2:])
    return nn.grad.conv2d_input(size, convolution.weight.detach(), gradient, padding=1)


def filtered(gradient, delta, before):
    return torch.from_numpy(truncated(gradient.numpy(), delta)) * (before > 0)


@pytest.mark.parametrize("delta", [0, 50, 90])
@pytest.mark.parametrize("inplace", [False, True])
def test_in_a_residual_block_the_filter_sees_the_sum_of_both_ways(delta, inplace):
    (first, second), x = pieces()
    weight = torch.randn(2, 4, 6, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

    def network(images):
        a = functional.relu(first(images), inplace=inplace)
        total = second(a)
        total += a
        return (weight * functional.relu(total, inplace=inplace)).sum((1, 2, 3))[:, None].expand(-1, 2)

    before_a = first(x).detach()
    before_b = (second(before_a.relu()) + before_a.relu()).detach()
    at_b = filtered(weight, delta, before_b)
    at_a = filtered(back(second, at_b) + at_b, delta, before_a)
    torch.testing.assert_close(guided(network, x, delta), back(first, at_a), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("delta", [0, 50, 90])
def test_in_a_dense_block_the_filter_sees_the_sum_of_both_ways(delta):
    (first, second), x = pieces()
    weight = torch.randn(2, 8, 6, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

    def network(images):
        a = torch.relu(first(images))
        return (weight * torch.cat([a, torch.relu(second(a))], 1)).sum((1, 2, 3))[:, None].expand(-1, 2)

    before_a = first(x).detach()
    before_b = second(before_a.relu()).detach()
    at_b = filtered(weight[:, 4:], delta, before_b)
    at_a = filtered(weight[:, :4] + back(second, at_b), delta, before_a)
    torch.testing.assert_close(guided(network, x, delta), back(first, at_a), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    "act",
    [
        nn.GELU(),
        nn.GELU("tanh"),
        nn.SiLU(),
        nn.SiLU(inplace=True),
        nn.Hardswish(),
        nn.Hardswish(inplace=True),
        nn.ReLU6(),
        nn.ReLU6(inplace=True),
        nn.ELU(),
        nn.ELU(inplace=True),
        nn.Mish(),
        nn.PReLU(),
        nn.Softplus(),
        nn.Hardsigmoid(),
        nn.CELU(),
        nn.SELU(),
        nn.RReLU(0.1, 0.3),
        nn.Threshold(0.0, 0.0),
        nn.Tanh(),
        nn.LogSigmoid(),
        nn.Softshrink(),
        nn.Hardshrink(),
        nn.GLU(3),
        partial(torch.clamp, min=0),
        partial(torch.clamp, min=0, max=6),
    ],
    ids=lambda act: str(act) if isinstance(act, nn.Module) else f"clamp{act.keywords}",
)
def test_activations_that_the_rule_is_not_defined_for_are_refused(act):
    network, x = seeded(lambda: Way(act, nn.ReLU())).double(), pictures(1, (6, 8), channels=2).double()
    score = network(x.requires_grad_())[:, 1].sum()
    with (
        pytest.raises(NotApplicableError, match=r"fgbp filters ReLU and leaky ReLU, and .* is of the kind"),
        filtering(score, Filter(50)),
    ):
        pytest.fail("the context must not be entered")
    # The ReLU was met first and hooked: it has to be let go.
    left = torch.autograd.grad(score, x, retain_graph=True)[0]
    assert torch.equal(left, torch.autograd.grad(network(x)[:, 1].sum(), x)[0])


def test_nothing_stays_hooked_to_the_graph():
    network, x = chain(nn.ReLU), pictures().requires_grad_()
    score = network(x)[:, 1].sum()
    (plain,) = torch.autograd.grad(score, x, retain_graph=True)
    with filtering(score, Filter(50)):
        (during,) = torch.autograd.grad(score, x, retain_graph=True)
    assert not torch.equal(during, plain)
    assert torch.equal(torch.autograd.grad(score, x, retain_graph=True)[0], plain)
    with pytest.raises(RuntimeError, match="mine"), filtering(score, Filter(50)):
        raise RuntimeError("mine")
    assert torch.equal(torch.autograd.grad(score, x)[0], plain)


def test_contexts_with_different_deltas_share_one_graph():
    network, x = chain(nn.ReLU).double(), pictures().double().requires_grad_()
    score = network(x)[:, 1].sum()
    for delta in (90, 0, 50):
        with filtering(score, Filter(delta)):
            (shared,) = torch.autograd.grad(score, x, retain_graph=True)
        assert torch.equal(shared, guided(network, x, delta))


def test_a_network_without_a_relu_is_refused():
    network, x = seeded(lambda: Way(nn.Identity())), pictures(1, (6, 8), channels=2)
    score = network(x.requires_grad_())[:, 1].sum()
    with pytest.raises(NotApplicableError, match="there is neither"), filtering(score, Filter(50)):
        pytest.fail("the context must not be entered")


@pytest.mark.parametrize("act", [nn.ReLU(), nn.LeakyReLU(0.3)])
@pytest.mark.parametrize("delta", [0, 50])
def test_a_hard_mask_lets_nothing_through_where_the_input_is_negative(act, delta):
    x = pictures(2, (6, 8), channels=2).double()
    network = seeded(lambda: Way(act)).double()
    network.other = nn.Identity()
    weight = torch.randn(2, 5, 6, 8, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    before = network.first(leaf)
    score = (weight * network.act(before)).sum()
    with filtering(score, Filter(delta, slope="hard")):
        (found,) = torch.autograd.grad(score, before)
    torch.testing.assert_close(found, filtered(weight, delta, before.detach()), rtol=1e-12, atol=0)
    assert found.any()
