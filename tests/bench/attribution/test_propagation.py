"""What is passed back through what lies behind a layer adds up; where it does not, it is said."""

import pytest
import torch
from captum.attr import DeepLift
from torch import nn
from torch.nn import functional

from bench.attribution import propagation
from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.partial_forward import PartialForward
from bench.network.targets import Target
from bench.runs.run import execute
from methods import evidence_method, heatmap, parse
from methods.contract import Note
from reports.methods_table import notes
from reports.summary import summarise
from results.metrics.thresholds import ThresholdPolicy
from results.store.run_store import RunStore
from tests.helpers.small_networks import NETWORKS, Dense, Residual, chain, convolution, pictures, residual, seeded
from tests.helpers.tiny_set import register_tiny, tiny_request

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
        torch.testing.assert_close(arrived.sum((1, 2, 3)), torch.full((2,), total).double(), rtol=0, atol=EXACT)
    assert view.notes == {}


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_all_that_arrives_at_any_stage_adds_up(make):
    view = view_of(make().double())
    assert_lifted_in_full(view)
    assert_relevance_arrives(view, 0.0)


@pytest.mark.parametrize("target", [Target("label"), Target("predicted", margin=True), Target(2)])
@pytest.mark.parametrize("make", ["residual", "dense, gap"])
def test_contributions_are_to_the_score_that_is_explained(make, target):
    assert_lifted_in_full(view_of(NETWORKS[make]().double(), target=target))


@pytest.mark.parametrize("make", ["ReLU", "residual", "dense"])
def test_within_a_block_too_contributions_add_up(make):
    network = NETWORKS[make]().double()
    layers = examine(network, pictures().double()).layers.values()
    inner = [one.name for one in layers if len(one.shape) == 3 and one.name]
    for name in inner:
        assert_lifted_in_full(view_of(network, f"lift-cam/layer.{name}"))


def test_relevance_that_passes_a_layer_by_is_said_to_be_missing():
    view = view_of(residual().double(), "relevance-cam/layer.block1.second")
    view.relevance("block1.second")
    assert sorted(view.notes) == [0, 1]
    assert view.notes[0].text == "not exact at block1.second"
    assert 0.01 < view.notes[0].deviation < 1


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


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_every_kind_of_step_is_known(block):
    network = network_with(block)
    assert_lifted_in_full(view_of(network, "lift-cam/layer.1"))
    assert_relevance_arrives(view_of(network, "relevance-cam/layer.1"), 1.0)


def test_it_makes_no_difference_how_an_activation_is_written():
    class Twice(nn.Module):
        def __init__(self, first, second):
            super().__init__()
            self.one, self.two = convolution(8, 8), convolution(8, 8)
            self.first, self.second = first, second

        def forward(self, x):
            return self.second(self.two(self.first(self.one(x))))

    once, inplace = nn.ReLU(), nn.ReLU(inplace=True)
    ways = [(nn.ReLU(), nn.ReLU()), (once, once), (inplace, inplace), (torch.relu, torch.Tensor.relu_)]
    for what in ("deep_lift", "relevance"):
        networks = [network_with(lambda way=way: Twice(*way), 3) for way in ways]
        found = [getattr(view_of(network, "lift-cam/layer.1"), what)("1") for network in networks]
        assert found[0].any()
        assert all(torch.equal(one, found[0]) for one in found)


@pytest.mark.filterwarnings("ignore:ExperimentSettings forward", "ignore:Input Tensor 0 did not")
@pytest.mark.parametrize("kind", ["fc", "gap"])
@pytest.mark.parametrize(("layer", "behind"), [("act2", 6), ("act3", 9)])
def test_contributions_are_captums_where_those_are_exact(layer, behind, kind):
    network = chain(nn.ReLU, kind=kind).double()
    view = view_of(network)
    activation, found = view.activation(layer), view.deep_lift(layer)
    expected = DeepLift(network[behind:]).attribute(activation.clone(), torch.zeros_like(activation), target=1)
    assert expected.any()
    torch.testing.assert_close(found, expected.detach(), rtol=1e-7, atol=1e-12)


def test_what_no_rule_is_known_for_passes_its_derivative_on_and_is_noted():
    network = network_with(lambda: nn.GroupNorm(2, 8), 3)
    network[4] = nn.Identity()  # what else there is behind the layer is linear
    view = view_of(network, "lift-cam/layer.1")
    torch.testing.assert_close(view.deep_lift("1"), view.activation("1") * view.gradient("1"), rtol=1e-9, atol=1e-12)
    for text in ("lift-cam/layer.1", "relevance-cam/layer.1"):
        view = view_of(network, text)
        assert heatmap(parse(text), view).values.any()
        assert view.notes[1].deviation > 1e-3


def test_a_logit_of_0_has_no_relevance_and_it_is_said():
    head = nn.Conv2d(8, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    network = nn.Sequential(convolution(3, 8), nn.ReLU(), *head).eval().double()
    nn.init.constant_(network[2].bias, -1e3)
    view = view_of(network, "relevance-cam/layer.1")
    assert not view.relevance("1").any()
    assert view.notes == {0: Note("not exact at 1", 1.0), 1: Note("not exact at 1", 1.0)}
    view = view_of(network, "lift-cam/layer.1")
    assert not view.deep_lift("1").any()
    assert view.notes == {}


@pytest.mark.parametrize("what", ["deep_lift", "relevance"])
def test_a_layer_that_nothing_depends_on_is_refused(what):
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.aside = chain(), convolution(3, 4)

        def forward(self, images):
            self.aside(images)
            return self.body(images)

    network = Aside().eval()
    replay = PartialForward(network, "aside", pictures(1))
    asked = {"deep_lift": lambda logits: logits[:, 0], "relevance": 0}[what]
    with pytest.raises(BenchError, match="does not depend on the layer"):
        getattr(propagation, what)(replay, torch.ones(4, 24, 32), asked)


def test_equal_inputs_have_the_derivative_as_their_multiplier():
    network = nn.Sequential(convolution(3, 2), nn.Conv2d(2, 1, 1), nn.Sigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network.eval().double()[1].weight.data = torch.tensor([1.0, -1.0]).double().view(1, 2, 1, 1)
    nn.init.constant_(network[1].bias, 1.0)
    replay = PartialForward(network, "0", pictures(1).double())
    slope = torch.tensor(1.0).double().sigmoid() * torch.tensor(-1.0).double().sigmoid()
    for apart in (0.0, 1e-12):
        cancelling = torch.ones(2, 24, 32).double() + torch.tensor([0.0, apart]).double().view(2, 1, 1)
        found = propagation.deep_lift(replay, cancelling, lambda logits: logits[:, 0])
        torch.testing.assert_close(found.values[0], (slope / (24 * 32)).expand(24, 32), rtol=1e-9, atol=0)
        assert found.missed < EXACT


# Notes


def test_specs_that_share_a_map_share_its_notes():
    network = network_with(lambda: nn.Sequential(nn.MaxPool2d(2), nn.GroupNorm(2, 8)), 3)
    evidence, specs = evidence_of(network, ["lift-cam/stages=sum", "lift-cam/stages=max", "grad-cam"])
    views = [View(evidence, spec) for spec in specs]
    for spec, view in zip(specs, views, strict=True):
        heatmap(spec, view)
        heatmap(spec, view)
    assert views[0].notes
    assert views[0].notes == views[1].notes
    assert views[2].notes == {}


def test_what_was_noted_beside_a_shared_map_is_not_shared():
    evidence, specs = evidence_of(chain().double(), ["lift-cam", "cam"])
    first, second = (View(evidence, spec) for spec in specs)
    first.note(0, "mine")
    for view in (first, second):
        view.once("key", lambda view=view: view.note(1, "of both"))
    assert first.notes == {0: Note("mine"), 1: Note("of both")}
    assert second.notes == {1: Note("of both")}


def test_notes_on_one_image_are_joined_and_the_largest_deviation_is_kept():
    view = view_of(chain().double())
    view.note(1, "one", 0.03)
    view.note(1, "two")
    view.note(1, "three", 0.02)
    assert view.notes == {1: Note("one; two; three", 0.03)}
    assert str(view.notes[1]) == "one; two; three, off by 3 %"


def test_a_note_stands_in_the_cell_and_under_the_table(monkeypatch, tmp_path):
    register_tiny(monkeypatch)

    @evidence_method("noting", paper="none")
    def noting(view):
        view.note(0, "not exact here", 0.03)
        return view.activation(view.layers[-1]).mean(1)

    @evidence_method("flat", paper="none")
    def flat(view):
        view.note(0, "not exact here", 0.05)
        return torch.zeros_like(view.input[:, 0])

    execute(tiny_request(tmp_path, "noting,flat,lift-cam,relevance-cam"))
    frame = RunStore(tmp_path / "run").cells().frame
    own = {spec: frame[frame["spec"] == spec] for spec in ("noting", "flat", "lift-cam", "relevance-cam")}
    said = own["noting"][own["noting"]["reason"] != ""]
    assert set(said["reason"]) == {"not exact here, off by 3 %"}
    assert set(said["deviation"]) == {0.03}
    assert frame["deviation"].count() == len(said)
    assert set(said["status"]) == {"ok"}
    assert 0 < len(said) < len(own["noting"])
    assert set(own["flat"]["reason"]) == {""}
    assert set(own["lift-cam"]["reason"]) == set(own["relevance-cam"]["reason"]) == {""}
    lines = notes(summarise(tmp_path / "run", ThresholdPolicy("otsu")))
    (line,) = [line for line in lines if "off by" in line]
    images = f"{len(said)} of {len(own['noting'])} images{', at worst' if len(said) > 1 else ''}"
    assert line == f"noting, {images}: not exact here, off by 3 %."
