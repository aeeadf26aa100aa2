"""Variants are scored in chunks, and no result depends on them; costs are told before they arise."""

from dataclasses import replace

import pytest
import torch

from bench.attribution import forward_queries
from bench.attribution.evidence import Evidence
from bench.attribution.forward_queries import ForwardQueries
from bench.attribution.view import View
from bench.classifiers.checkpoint import load
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.runs.budget import Cost, estimate, within
from bench.runs.run import execute
from datasets.table import GOOD
from methods import evidence_method, heatmap, parse
from methods.registry import METHODS
from results.metrics.scoring import score_rows
from results.metrics.thresholds import ThresholdPolicy
from results.store.run_store import RunStore
from tests.helpers.recorder import Recorder
from tests.helpers.small_networks import NETWORKS, chain, pictures, seeded
from tests.helpers.tiny_set import register_tiny, tiny_request

ASKING = ["ablation-cam", "ablation-cam/stages", "score-cam", "group-cam"]


def maps(network, texts, chunk=None, target=None, count=3):
    images, specs = pictures(count).double(), [parse(text) for text in texts]
    labels = torch.arange(count) % 3
    evidence = Evidence(
        network, examine(network, images), images, target or Target(), specs, labels=labels, chunk=chunk
    )
    return {str(spec): heatmap(spec, View(evidence, spec)).values for spec in specs}


@pytest.mark.parametrize("make", ["in-place ReLU, gap", "residual", "dense"])
@pytest.mark.parametrize("chunk", [1, 3])
def test_the_size_of_a_chunk_changes_nothing(make, chunk):
    network = NETWORKS[make]().double()
    whole, parts = maps(network, ASKING), maps(network, ASKING, chunk)
    for text, one in whole.items():
        torch.testing.assert_close(parts[text], one, rtol=1e-9, atol=1e-12, msg=text)


class Viewing(torch.nn.Module):
    """Flattens by a view, which cannot follow channels that are last."""

    def __init__(self):
        super().__init__()
        self.body = chain()
        self.linear = torch.nn.Linear(3 * 8 * 8, 3)

    def forward(self, images):
        seen = torch.nn.functional.adaptive_avg_pool2d(self.body.act1(self.body.conv1(images)), 8)[:, :3]
        return self.linear(seen.view(len(images), -1))


def test_channels_are_last_where_the_network_takes_it():
    seen = []
    for network in (chain(), seeded(Viewing)):
        network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        images = pictures(4)
        probe = ForwardQueries(network, None, images, Target(), torch.ones(4, dtype=torch.int64), 2)
        with torch.no_grad():
            torch.testing.assert_close(probe.logits(images), network(images))
    formats = [one.is_contiguous(memory_format=torch.channels_last) for one in seen]
    assert formats == [True, True, False, True, False, False]


@pytest.mark.parametrize("target", [Target("label"), Target("predicted", margin=True), Target(2)])
def test_every_image_is_asked_about_its_own_class(target):
    network = NETWORKS["in-place ReLU"]().double()
    together = maps(network, ASKING, target=target)
    images, specs = pictures(3).double(), [parse(text) for text in ASKING]
    for number, image in enumerate(images):
        labels = torch.tensor([number % 3])
        evidence = Evidence(network, examine(network, images), image[None], target, specs, labels=labels)
        for spec in specs:
            alone = heatmap(spec, View(evidence, spec)).values[0]
            torch.testing.assert_close(alone, together[str(spec)][number], rtol=1e-9, atol=1e-12)


class Cramped(ForwardQueries):
    """Has memory for two variants at once."""

    def fitting(self, layers):
        return self.chunk or 5


def test_where_memory_does_not_suffice_chunks_are_halved_and_it_is_said():
    network, images = chain().double(), pictures(2).double()
    evidence = Evidence(network, examine(network, images), images, Target(), [parse("score-cam")])
    expected = heatmap(parse("score-cam"), View(evidence, parse("score-cam"))).values
    asked = []

    def short_of_memory(module, inputs):
        asked.append(len(inputs[0]))
        if len(inputs[0]) > 2:
            raise torch.OutOfMemoryError("no")

    evidence = Evidence(network, examine(network, images), images, Target(), [parse("score-cam")], queries=Cramped)
    handle = network.register_forward_pre_hook(short_of_memory)
    with pytest.warns(UserWarning, match="out of memory: going on with 2 forward passes at once"):
        found = heatmap(parse("score-cam"), View(evidence, parse("score-cam"))).values
    handle.remove()
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
    assert asked.count(5) == 1  # it is not tried again


@pytest.mark.filterwarnings("ignore:out of memory")
def test_one_variant_that_does_not_fit_is_an_error():
    network, images = chain(), pictures(1)
    evidence = Evidence(network, examine(network, images), images, Target(), [parse("score-cam")])

    def no_memory(module, inputs):
        raise torch.OutOfMemoryError("no")

    network.register_forward_pre_hook(no_memory)
    with pytest.raises(torch.OutOfMemoryError):
        heatmap(parse("score-cam"), View(evidence, parse("score-cam")))


def test_layers_that_are_not_behind_take_no_memory(monkeypatch):
    network, images = chain(), pictures(1)
    evidence = Evidence(network, examine(network, images), images, Target(), [parse("ablation-cam/stages")])
    sizes = []
    monkeypatch.setattr(forward_queries, "fitting", lambda layers, *_, **__: (sizes.append(len(layers)), 4)[1])
    heatmap(parse("ablation-cam/stages"), View(evidence, parse("ablation-cam/stages")))
    assert sizes[0] > sizes[1] > sizes[2]


# Runs


@pytest.fixture
def tiny(monkeypatch):
    register_tiny(monkeypatch)
    before = dict(METHODS)
    yield
    METHODS.clear()
    METHODS.update(before)


def asked_of(folder, text):
    frame = RunStore(folder).cells().frame
    return frame[frame["spec"] == text]


def test_methods_that_ask_again_are_run_on_defects_alone_unless_all_are_asked_for(tiny, tmp_path):
    request = tiny_request(tmp_path, "grad-cam,score-cam")
    execute(request)
    assert GOOD not in set(asked_of(tmp_path / "run", "score-cam")["label"])
    assert GOOD in set(asked_of(tmp_path / "run", "grad-cam")["label"])
    rows = {row.spec: row for row in score_rows(RunStore(tmp_path / "run").cells(), ThresholdPolicy("otsu"))}
    assert rows["score-cam"].mean["iou"] >= 0
    assert str(rows["score-cam"].mean["false_positive_area"]) == "nan"
    execute(replace(request, evaluation=replace(request.evaluation, all_images=True)))
    assert len(asked_of(tmp_path / "run", "score-cam")) == len(asked_of(tmp_path / "run", "grad-cam"))


def test_costs_are_told_and_a_budget_leaves_the_dearest_out(tiny, tmp_path):
    @evidence_method("dear", paper="none", passes=lambda channels: 1000)
    def dear(view):
        view.scores(0, 1000, lambda first, last: view.input[:1].expand(last - first, -1, -1, -1))
        return view.input[:, 0].abs()

    request = tiny_request(tmp_path, "grad-cam,dear,group-cam")
    started = replace(request, budget=0.0)
    first, second, third = Recorder(), Recorder(), Recorder()
    execute(started, first)
    assert first.told_costs["dear"].passes == 1000
    assert first.left_out == {"dear", "group-cam"}
    assert set(RunStore(tmp_path / "run").cells().frame["spec"]) == {"grad-cam"}
    execute(request, second)
    assert second.told_costs.keys() == {"dear", "group-cam"}
    assert second.left_out == set()
    assert set(RunStore(tmp_path / "run").cells().frame["spec"]) == {"grad-cam", "dear", "group-cam"}
    execute(request, third)
    assert third.told_costs == {}  # nothing is left to be done


def test_an_estimate_counts_every_pass_and_runs_few(tiny, tmp_path):
    request = tiny_request(tmp_path, "grad-cam")
    execute(request)
    (assignment,) = request.experiment.assignments()
    classifier = load(assignment.path, torch.device("cpu"))
    specs = {parse("score-cam"): 7, parse("ablation-cam/S4-S5"): 7, parse("group-cam"): 7}
    costs = {str(cost.spec): cost for cost in estimate(classifier, Target(), specs, None)}
    assert costs["ablation-cam/S4-S5"].passes == 64 + 64
    assert costs["group-cam"].passes == 33
    assert costs["score-cam"].passes <= 64
    assert all(cost.seconds > 0 and cost.images == 7 for cost in costs.values())


def test_a_budget_takes_the_cheapest_first():
    costs = [Cost(parse(text), 1, seconds, 60) for text, seconds in (("cam", 1), ("score-cam", 2), ("group-cam", 9))]
    assert within(costs, None) == costs
    assert within(costs, 3.0) == costs[:2]
    assert within(costs, 2.9) == costs[:1]
    assert within(costs, 0.5) == []
