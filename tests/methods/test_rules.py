"""The gradient rules, against NumPy, against a network that is run backwards by hand, and against captum."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import nn
from torch.nn import functional

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import MethodSpec, NotApplicableError
from methods.rules import WORTH_A_THREAD, Filter, _by_selection, _by_sorting, filtering, positive_percentiles, truncate
from tests.helpers.slow_network import SlowNetwork
from tests.helpers.small_networks import chain, pictures, seeded
from tests.helpers.twins.arithmetic import truncated


def positive_percentile(gradient, delta):
    return positive_percentiles(gradient, (delta,))[0]


def truncated_at(gradient, delta):
    return truncate(gradient, positive_percentile(gradient, delta))


deltas = st.sampled_from([0, 1, 30, 50, 66.6, 90, 99, 100]) | st.floats(0, 100)
few_values = st.sampled_from([-2.0, -1e-30, 0.0, 1e-30, 0.5, 1.0, 3.0])  # so that ties occur
floats = st.floats(-1e6, 1e6, width=32)


def maps(dtype, elements):
    sizes = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 5))
    return sizes.flatmap(lambda shape: arrays.arrays(dtype, shape, elements=elements))


def vectors(dtype, elements):
    sizes = st.tuples(st.integers(1, 3), st.integers(1, 12))
    return sizes.flatmap(lambda shape: arrays.arrays(dtype, shape, elements=elements))


def expected_thresholds(values, delta):
    """One map at a time, in float64, which holds every float32."""
    flat = (
        values.reshape(*values.shape[:2], -1) if math.prod(values.shape[2:]) > 1 else values.reshape(len(values), 1, -1)
    )
    found = np.full(flat.shape[:2], np.inf)
    for index in np.ndindex(found.shape):
        positive = flat[index][flat[index] > 0].astype(np.float64)
        if len(positive):
            found[index] = np.percentile(positive, delta, method="higher")
    return found[..., None, None] if values.ndim > 2 else found


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from([np.float32, np.float64]).flatmap(
        lambda dtype: maps(dtype, few_values.map(dtype) | floats) | vectors(dtype, few_values.map(dtype) | floats)
    ),
    deltas,
)
@example(np.full((1, 2, 3, 3), -1.0), 50)
@example(np.full((2, 1, 2, 2), 4.0), 30)
@example(np.zeros((1, 1, 2, 2)), 0)
@example(np.array([[-1.0, 2.0, -3.0]]), 90)
@example(np.arange(1.0, 102)[None, None, None], 7)
@example(np.arange(1.0, 102)[None, None, None], 29)
def test_the_threshold_is_numpys_percentile_of_the_positive_values(values, delta):
    found = positive_percentile(torch.from_numpy(values), delta)
    np.testing.assert_array_equal(found, expected_thresholds(values, delta))


@settings(deadline=None, max_examples=100)
@given(maps(np.float64, few_values | floats) | vectors(np.float64, few_values | floats), deltas)
def test_truncation_keeps_what_reaches_the_threshold(values, delta):
    np.testing.assert_array_equal(truncated_at(torch.from_numpy(values), delta), truncated(values, delta))


@settings(deadline=None, max_examples=50)
@given(maps(np.float64, floats))
def test_truncation_at_0_keeps_every_positive_value(values):
    gradient = torch.from_numpy(values)
    assert torch.equal(truncated_at(gradient, 0), gradient.relu())


@settings(deadline=None, max_examples=50)
@given(maps(np.float64, few_values), st.tuples(deltas, deltas).map(sorted))
def test_a_larger_delta_keeps_no_more_and_never_nothing_of_what_is_positive(values, pair):
    gradient = torch.from_numpy(values)
    less, more = (truncated_at(gradient, delta) != 0 for delta in pair)
    assert (more <= less).all()
    over = (1, 2, 3) if gradient[0, 0].numel() == 1 else (2, 3)
    assert torch.equal(more.sum(over) > 0, (gradient > 0).sum(over) > 0)


def test_every_map_of_every_image_has_its_own_threshold():
    gradient = torch.tensor([[[1.0, 2, 3, 4]], [[10.0, 20, 30, 40]]])[:, :, None].expand(2, 2, 1, 4).clone()
    gradient[:, 1] *= 100
    found = positive_percentile(gradient, 50)
    assert found.squeeze().tolist() == [[3, 300], [30, 3000]]


def test_activations_without_positions_are_one_map_an_image():
    gradient = torch.tensor([[1.0, 2, 3, 4, -5], [40.0, 30, 20, 10, 0]])
    assert positive_percentile(gradient, 50).tolist() == [[3], [30]]
    assert truncated_at(gradient, 50).tolist() == [[0, 0, 3, 4, 0], [40, 30, 0, 0, 0]]


@pytest.mark.parametrize("shape", [(2, 3, 7), (2, 3, 4, 5, 2)])
def test_maps_of_one_and_three_dimensions_are_maps_too(shape):
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    np.testing.assert_array_equal(truncated_at(gradient, 30), truncated(gradient.numpy(), 30))


def test_a_map_may_have_more_values_than_float32_can_count():
    side = 4097
    assert side**2 > 2**24
    # Sorted from the start and two thirds negative: the sort of so many values stays short.
    gradient = torch.arange(side**2, dtype=torch.float32).sub_(2 * side**2 // 3).view(1, 1, side, side)
    positive = gradient.numpy()[gradient.numpy() > 0]
    found = positive_percentile(gradient, 90).item()
    rank = -(-(len(positive) - 1) * 9 // 10)
    assert found == positive[rank]


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


@pytest.mark.parametrize("delta", [0, 50, 100])
def test_what_equals_the_threshold_is_kept_or_dropped_as_the_reading_says(delta):
    gradient = torch.tensor([[[[1.0, 2, 2], [3, -1, 0]]]], dtype=torch.float64)
    leaf = torch.ones_like(gradient, requires_grad=True)
    score = (gradient * leaf.relu()).sum()
    threshold = np.percentile([1, 2, 2, 3], delta, method="higher")
    for equal, passes in (("kept", gradient >= threshold), ("dropped", gradient > threshold)):
        with filtering(score, Filter(delta, equal=equal)):
            (found,) = torch.autograd.grad(score, leaf, retain_graph=True)
        assert torch.equal(found, torch.where(passes, gradient, 0))


def test_one_percentile_may_be_taken_over_the_whole_layer():
    gradient = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = positive_percentiles(gradient, (0, 30, 90), "layer")
    for threshold, delta in zip(found, (0, 30, 90), strict=True):
        assert threshold.shape == (2, 1, 1, 1)
        np.testing.assert_array_equal(
            threshold, expected_thresholds(gradient.flatten(1).numpy(), delta)[..., None, None]
        )


def test_a_kept_position_may_carry_its_maps_mean():
    gradient = torch.tensor([[[[4.0, -2.0], [1.0, 1.0]]]])
    threshold = positive_percentiles(gradient, (50,))[0]
    assert truncate(gradient, threshold).tolist() == [[[[4, 0], [1, 1]]]]
    assert truncate(gradient, threshold, "mean").tolist() == [[[[1, 0], [1, 1]]]]


@settings(deadline=None, max_examples=60)
@given(maps(np.float32, few_values.map(np.float32) | floats), st.lists(deltas, min_size=1, max_size=4))
def test_selecting_and_sorting_find_the_same(values, several):
    rows = torch.from_numpy(values).flatten(0, 1).flatten(1)
    for one, other in zip(_by_selection(rows, several), _by_sorting(rows, several), strict=True):
        assert torch.equal(one, other)


def test_single_positions_are_one_map_an_image():
    gradient = torch.tensor([[1.0, 2, 3, 4, -5], [40.0, 30, 20, 10, 0]])[:, :, None, None]
    assert truncated_at(gradient, 50)[:, :, 0, 0].tolist() == [[0, 0, 3, 4, 0], [40, 30, 0, 0, 0]]


def test_a_map_of_kolektorsdds_full_size():
    gradient = torch.randn(1, 1, 1408, 512, generator=torch.Generator().manual_seed(0))
    positive = gradient.numpy()[gradient.numpy() > 0]
    found = [threshold.item() for threshold in positive_percentiles(gradient, (10, 50, 99))]
    assert found == [np.percentile(positive, delta, method="higher") for delta in (10, 50, 99)]


@pytest.mark.parametrize("several", [(50,), (0, 30, 60, 90)], ids=["selected", "sorted"])
def test_maps_that_are_shared_among_threads(several, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    gradient = torch.randn(2, 5, 300, 200, generator=torch.Generator().manual_seed(0))
    assert gradient.numel() > 2 * WORTH_A_THREAD
    found = positive_percentiles(gradient, several)
    for image, channel in np.ndindex(2, 5):
        values = gradient[image, channel].numpy()
        expected = [np.percentile(values[values > 0], delta, method="higher") for delta in several]
        assert [one[image, channel].item() for one in found] == expected
