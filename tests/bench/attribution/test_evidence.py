"""What one forward pass gives, and how few backward passes it takes."""

import random

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench import explain
from bench.attribution.evidence import Evidence, by_gradient
from bench.attribution.view import View
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import NotApplicableError, gradient_method, heatmap, parse, select
from methods.rules import Filter, Truncation, positive_percentiles
from tests.helpers.small_networks import INPLACE, NETWORKS, SOLID, chain, pictures


def gathered(network, texts, images=None, target=None, **options):
    images = pictures() if images is None else images
    specs = [parse(text) for text in texts]
    return Evidence(network, examine(network, images), images, target or Target(), specs, **options), specs


@pytest.fixture
def backward_passes(monkeypatch):
    """The outputs that each call of autograd is asked for."""
    calls, grad = [], torch.autograd.grad

    def counted(outputs, inputs, *arguments, **options):
        calls.append(inputs)
        return grad(outputs, inputs, *arguments, **options)

    monkeypatch.setattr(torch.autograd, "grad", counted)
    return calls


TEXTS = [
    "grad-cam", "layer-cam", "lt-grad-cam@30", "xgrad-cam/convs", "layer-cam+fgbp@30", "ra-cam@30",
    "hires-cam/S1+fgbp@30+lt@80", "ra-cam@70", "grad-cam+fgbp@0",
]  # fmt: skip


def test_there_is_one_backward_pass_for_plain_gradients_and_one_for_each_filter(backward_passes):
    random.Random(4).shuffle(TEXTS)
    evidence, specs = gathered(chain(), TEXTS)
    for spec in by_gradient(specs):
        heatmap(spec, View(evidence, spec))
    assert len(backward_passes) == 1 + 3


def test_nothing_is_run_backwards_before_it_is_asked_for(backward_passes):
    evidence, (everything, grad_cam) = gathered(chain(), ["every-pixel", "grad-cam"])
    heatmap(everything, View(evidence, everything))
    View(evidence, grad_cam).activation("act3")
    assert backward_passes == []


def test_specs_that_share_a_backward_pass_stand_together():
    specs = [parse(text) for text in TEXTS]
    filters = [dict(spec.rules).get("fgbp") for spec in by_gradient(specs)]
    assert filters == [None] * 4 + [0.0] + [30.0] * 3 + [70.0]
    assert set(by_gradient(specs)) == set(specs)


def test_neither_the_order_of_asking_nor_the_other_methods_change_a_map():
    network, images = chain().double(), pictures().double()
    evidence, specs = gathered(network, TEXTS, images)
    for spec in [*by_gradient(specs), *reversed(specs), *specs]:
        alone, _ = gathered(network, [str(spec)], images)
        assert torch.equal(heatmap(spec, View(evidence, spec)).values, heatmap(spec, View(alone, spec)).values)


def test_activations_and_gradients_are_the_networks():
    network, images = chain(SOLID).double(), pictures().double()
    evidence, _ = gathered(network, ["grad-cam/stages"], images)
    first = network[:2](images).detach().requires_grad_()
    third = network[2:9](first)
    score = network[9:](third)[:, 1].sum()
    at_first, at_third = torch.autograd.grad(score, [first, third])
    assert torch.equal(evidence.activation("act1"), first.detach())
    assert torch.equal(evidence.activation("act3"), third.detach())
    torch.testing.assert_close(evidence.gradient("act1", None, None), at_first, rtol=1e-12, atol=0)
    torch.testing.assert_close(evidence.gradient("act3", None, None), at_third, rtol=1e-12, atol=0)


def test_an_overwritten_layer_is_kept_as_it_was():
    images = pictures().double()
    texts = [f"grad-cam/layer.{name}" for name in ("conv1", "act1", "norm2", "conv3", "act3")]
    solid, _ = gathered(chain(SOLID).double(), texts, images)
    overwritten, _ = gathered(chain(INPLACE).double(), texts, images)
    for name in ("conv1", "act1", "norm2", "conv3", "act3"):
        assert torch.equal(overwritten.activation(name), solid.activation(name))
        for rules in ((None, None), (Filter(50), None), (None, Truncation(30))):
            assert torch.equal(overwritten.gradient(name, *rules), solid.gradient(name, *rules))
    assert (overwritten.activation("conv1") < 0).any()
    assert torch.equal(overwritten.logits, solid.logits)


def test_what_a_method_reads_is_off_the_graph():
    evidence, (spec,) = gathered(chain(), ["grad-cam+fgbp"])
    view = View(evidence, spec)
    assert not view.activation("act3").requires_grad
    assert not view.gradient("act3").requires_grad
    assert not view.input.requires_grad


def test_a_view_is_of_its_spec():
    evidence, specs = gathered(chain(), ["layer-cam/S2-S3", "grad-cam+lt@80"], seeds=(5, 6))
    views = [View(evidence, spec) for spec in specs]
    assert [view.layers for view in views] == [("act2", "act3"), ("act3",)]
    assert [view.seeds for view in views] == [(5, 6), (5, 6)]
    plain, truncated = (view.gradient("act3") for view in views)
    assert (plain < 0).any()
    assert (truncated >= 0).all()
    assert truncated.count_nonzero() < (plain > 0).sum()


def test_seeds_are_0_where_none_are_given():
    evidence, _ = gathered(chain(), ["random"], pictures(3))
    assert evidence.seeds == (0, 0, 0)


class Aside(nn.Module):
    """Runs a branch whose outcome it does not use."""

    def __init__(self):
        super().__init__()
        self.main, self.aside = chain(), nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        self.aside(x)
        return self.main(x)


@pytest.mark.parametrize("rules", ["", "+fgbp", "+lt"])
def test_a_layer_that_the_score_does_not_depend_on_is_named(rules):
    evidence, (spec,) = gathered(Aside().eval(), [f"grad-cam/layer.aside{rules}"])
    with pytest.raises(BenchError, match="score does not depend on the layer aside"):
        heatmap(spec, View(evidence, spec))


def test_such_a_layer_is_no_other_methods_trouble():
    evidence, (_, spec) = gathered(Aside().eval(), ["grad-cam/layer.aside", "grad-cam/layer.main.act3"])
    assert heatmap(spec, View(evidence, spec)).values.any()


class Cut(nn.Module):
    """Lets no gradient through to its first part."""

    def __init__(self):
        super().__init__()
        self.first, self.rest = nn.Conv2d(3, 3, 3, padding=1), chain()

    def forward(self, x):
        with torch.no_grad():
            x = self.first(x)
        return self.rest(x)


def test_a_layer_that_the_network_cuts_off_is_named():
    evidence, (spec,) = gathered(Cut().eval(), ["grad-cam/layer.first"])
    with pytest.raises(BenchError, match="layer first"):
        heatmap(spec, View(evidence, spec))


class Sometimes(nn.Module):
    """Leaves a layer out where there is more than one image."""

    def __init__(self):
        super().__init__()
        self.first, self.rest = nn.Conv2d(3, 3, 3, padding=1), chain()

    def forward(self, x):
        return self.rest(self.first(x) if len(x) == 1 else x)


def test_a_layer_that_did_not_run_is_named():
    network = Sometimes().eval()
    anatomy = examine(network, pictures(1))
    with pytest.raises(BenchError, match="layer first did not run on this batch"):
        Evidence(network, anatomy, pictures(2), Target(), [parse("grad-cam/layer.first")])
    assert not network.first._forward_hooks


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_widened(dtype):
    network, images = chain(kind="gap").to(dtype), pictures().to(dtype)
    evidence, specs = gathered(network, ["grad-cam", "cam", "ra-cam", "random"], images)
    assert evidence.activation("act3").dtype == torch.float32
    assert evidence.gradient("act3", Filter(50), Truncation(50)).dtype == torch.float32
    assert evidence.class_weights().dtype == torch.float32
    for spec in specs:
        assert heatmap(spec, View(evidence, spec)).values.dtype == torch.float32


def test_every_method_takes_a_network_of_half_precision():
    network, images = chain(kind="gap").to(torch.bfloat16), pictures(1).to(torch.bfloat16)
    for text, values in explain(network, images, list(map(str, select("all")))).items():
        assert values.dtype == torch.float32, text
        assert values.isfinite().all(), text


def test_double_precision_is_kept():
    evidence, _ = gathered(chain(kind="gap").double(), ["grad-cam"], pictures().double())
    assert evidence.activation("act3").dtype == evidence.gradient("act3", None, None).dtype == torch.float64


@pytest.mark.parametrize("target", [Target(2), Target(0, margin=True), Target("label"), Target("predicted", True)])
def test_class_weights_are_those_of_the_score(target):
    network, images, labels = chain(kind="gap").double(), pictures(4).double(), torch.tensor([0, 1, 2, 1])
    evidence, _ = gathered(network, ["cam"], images, target, labels=labels)
    logits = network(images).detach().requires_grad_()
    target.score(logits, labels).sum().backward()
    torch.testing.assert_close(
        evidence.class_weights(), logits.grad @ network.classifier.weight.detach(), rtol=1e-12, atol=0
    )


def test_a_network_without_such_weights_says_so():
    evidence, (spec,) = gathered(chain(kind="fc"), ["cam"])
    with pytest.raises(NotApplicableError, match="global average pooling and one linear layer"):
        heatmap(spec, View(evidence, spec))


@pytest.mark.parametrize("layers", ["S1", "S2", "layer.conv1"])
def test_the_weights_of_the_last_stage_are_not_put_on_another_layer(layers):
    evidence, (spec,) = gathered(chain(kind="gap"), [f"cam/{layers}"])
    with pytest.raises(NotApplicableError):
        heatmap(spec, View(evidence, spec))


def test_labels_reach_the_target():
    network, images = chain(), pictures(3)
    labels = torch.tensor([1, 2, 2])
    evidence, _ = gathered(network, ["grad-cam"], images, Target("label"), labels=labels)
    torch.testing.assert_close(evidence.score, network(images)[range(3), labels])


@pytest.mark.parametrize(
    ("activation", "named"),
    [
        (nn.SiLU, r"act1 is of the kind Silu"),
        (lambda: Calling(functional.silu), r"act1 is of the kind Silu"),
        (lambda: Deeper(functional.silu), r"what follows act1.first is of the kind Silu"),
    ],
    ids=["a module", "in a module", "behind a module"],
)
def test_what_the_filter_is_not_defined_for_is_named(activation, named):
    network = chain()
    network.act1 = activation()
    evidence, (spec,) = gathered(network, ["ra-cam"])
    with pytest.raises(NotApplicableError, match=named):
        heatmap(spec, View(evidence, spec))


class Calling(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Deeper(nn.Module):
    """Calls a function between two layers of its own."""

    def __init__(self, function):
        super().__init__()
        self.function, self.first, self.second = function, nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)

    def forward(self, x):
        return self.second(self.function(self.first(x)))


@pytest.mark.parametrize("make", ["ReLU", "in-place ReLU, gap", "leaky ReLU", "residual", "dense"])
def test_the_full_gradient_is_the_whole_score(make):
    network, images = NETWORKS[make]().double(), pictures(2).double()
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    evidence, (spec,) = gathered(network, ["full-grad"], images)
    view = View(evidence, spec)
    parts = [view.input * view.input_gradient(), *view.bias_gradients().values()]
    total = sum(part.flatten(1).sum(1) for part in parts)
    torch.testing.assert_close(total, evidence.score.detach(), rtol=1e-9, atol=1e-12)


def test_rules_act_on_every_bias_and_truncation_spares_the_input():
    evidence, specs = gathered(chain(SOLID), ["full-grad", "full-grad+lt@50", "full-grad+fgbp@50"], pictures(2))
    plain, truncated, filtered = (View(evidence, spec) for spec in specs)
    before = plain.input_gradient()
    for layer, part in truncated.bias_gradients().items():
        kept = part != 0
        assert torch.equal(part[kept], plain.bias_gradients()[layer][kept]), layer
        if part.dim() == 4:
            assert kept.sum() < (plain.bias_gradients()[layer] != 0).sum(), layer
    assert torch.equal(truncated.input_gradient(), before)
    assert not torch.equal(filtered.input_gradient(), before)


class Twice(nn.Module):
    """Runs one convolution twice."""

    def __init__(self):
        super().__init__()
        self.entry, self.again, self.rest = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1), chain()

    def forward(self, x):
        return self.rest(self.again(torch.relu(self.again(self.entry(x)))))


class Instance(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.norm, self.rest = norm, chain()

    def forward(self, x):
        return self.rest(self.norm(x))


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Twice, "again runs several times"),
        (lambda: Instance(nn.BatchNorm2d(3, track_running_stats=False)), "norm normalises by each batch's own mean"),
        (lambda: Instance(nn.GroupNorm(1, 3)), "norm is of the kind GroupNorm, whose bias cannot be read"),
    ],
    ids=["reused", "batch statistics", "group norm"],
)
def test_biases_that_cannot_be_read_are_named(network, reason):
    evidence, (spec,) = gathered(network().eval(), ["full-grad"])
    with pytest.raises(NotApplicableError, match=reason):
        heatmap(spec, View(evidence, spec))


def test_the_thresholds_of_all_truncations_are_found_at_once(monkeypatch):
    calls = []

    def counted(gradient, deltas, percentile="map"):
        calls.append(tuple(deltas))
        return positive_percentiles(gradient, deltas, percentile)

    monkeypatch.setattr("bench.attribution.evidence.positive_percentiles", counted)
    texts = [f"lt-grad-cam@{delta}" for delta in (0, 30, 60, 90)] + ["lt-layer-cam@30", "ra-cam@10"]
    evidence, specs = gathered(chain(), texts)
    for spec in by_gradient(specs):
        heatmap(spec, View(evidence, spec))
    assert calls == [(0, 30, 60, 90)] * 3 + [(10,)] * 3


def test_gradients_under_one_truncation_are_not_those_under_another():
    texts = ["full-grad+lt@20", "full-grad+lt@80", "group-cam+lt@20", "full-grad+lt@80", "grad-cam+lt@20"]
    evidence, specs = gathered(chain(), texts)
    for spec in specs:
        alone, _ = gathered(chain(), [str(spec)])
        for layer in View(alone, spec).layers:
            expected = View(alone, spec).gradient(layer)
            assert torch.equal(View(evidence, spec).gradient(layer), expected), (str(spec), layer)


def test_a_layers_map_is_computed_once_for_all_specs_that_fuse_it():
    calls = []

    @gradient_method("mine", paper="none")
    def mine(activation, gradient, *, power=1):
        calls.append(power)
        return (activation * gradient).sum(1) ** power

    texts = ["mine/stages", "mine/stages=max", "mine/S1-S2", "mine/stages[corners=aligned]", "mine/S2[power=2]"]
    evidence, specs = gathered(chain(), [*texts, "mine/S3+lt", "mine/stages+lt"])
    alone = [heatmap(spec, View(gathered(chain(), [str(spec)])[0], spec)).values for spec in specs]
    calls.clear()
    for spec, expected in zip(specs, alone, strict=True):
        assert torch.equal(heatmap(spec, View(evidence, spec)).values, expected)
    assert calls == [1, 1, 1, 2, 1, 1, 1]  # three stages, another power, three truncated stages
