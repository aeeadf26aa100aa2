"""What methods that ask the classifier again cost is told before it arises, and a budget leaves the dearest out."""

from dataclasses import replace

import pytest
import torch

from bench.classifiers.checkpoint import load
from bench.network.targets import Target
from bench.runs.budget import Cost, estimate, needs_extra_passes, within
from bench.runs.run import execute
from datasets.table import GOOD
from methods import evidence_method, parse
from results.metrics.scoring import score_rows
from results.metrics.thresholds import ThresholdPolicy
from results.store.run_store import RunStore
from tests.helpers.recorder import Recorder
from tests.helpers.tiny_set import register_tiny, tiny_request


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    register_tiny(monkeypatch)


def asked_of(folder, text):
    frame = RunStore(folder).cells().frame
    return frame[frame["spec"] == text]


def test_methods_that_ask_again_are_run_on_defects_alone_unless_all_are_asked_for(tmp_path):
    request = tiny_request(tmp_path, "grad-cam,score-cam")
    execute(request)
    assert GOOD not in set(asked_of(tmp_path / "run", "score-cam")["label"])
    assert GOOD in set(asked_of(tmp_path / "run", "grad-cam")["label"])
    rows = {row.spec: row for row in score_rows(RunStore(tmp_path / "run").cells(), ThresholdPolicy("otsu"))}
    assert rows["score-cam"].mean["iou"] >= 0
    assert str(rows["score-cam"].mean["false_positive_area"]) == "nan"
    execute(replace(request, evaluation=replace(request.evaluation, all_images=True)))
    assert len(asked_of(tmp_path / "run", "score-cam")) == len(asked_of(tmp_path / "run", "grad-cam"))


def test_costs_are_told_and_a_budget_leaves_the_dearest_out(tmp_path):
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


def test_an_estimate_counts_every_pass_and_runs_few(tmp_path):
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


def test_wrapped_specs_are_run_on_defects_alone_and_their_cost_is_told(tmp_path):
    assert needs_extra_passes(parse("sess:grad-cam"))
    assert not needs_extra_passes(parse("grad-cam"))
    request = tiny_request(tmp_path, "grad-cam,nff:layer-cam,sess:grad-cam")
    recorder = Recorder()
    execute(replace(request, budget=0.0), recorder)
    assert {spec: cost.passes for spec, cost in recorder.told_costs.items()} == {
        "sess:grad-cam": 183, "nff:layer-cam": 8,
    }  # fmt: skip
    execute(tiny_request(tmp_path, "grad-cam,nff:layer-cam"))
    frame = RunStore(tmp_path / "run").cells().frame
    wrapped = frame[frame["spec"] == "nff:layer-cam"]
    assert GOOD not in set(wrapped["label"])
    assert set(wrapped["wrapper"]) == {"nff"}
    assert set(wrapped["status"]) == {"ok"}
    assert GOOD in set(frame[frame["spec"] == "grad-cam"]["label"])


def test_an_estimate_counts_what_the_wrapped_method_asks(tmp_path, monkeypatch):
    @evidence_method("asking", paper="none", passes=lambda channels: 100)
    def asking(view):
        for number in range(len(view.input)):
            view.scores(number, 100, lambda first, last: view.input[:1].expand(last - first, -1, -1, -1))
        return view.input[:, 0].abs()

    request = tiny_request(tmp_path, "grad-cam")
    execute(request)
    (assignment,) = request.experiment.assignments()
    classifier = load(assignment.path, torch.device("cpu"))
    seconds = [0]  # one goes by for every image that the network is given
    classifier.network.register_forward_hook(lambda _, __, scores: seconds.append(seconds[-1] + len(scores)))
    with monkeypatch.context() as patch:
        patch.setattr("time.perf_counter", lambda: seconds[-1])
        found = estimate(classifier, Target(), {parse("nff:asking"): 3, parse("asking"): 3}, None)
    costs = {str(one.spec): one for one in found}
    assert costs["asking"].passes == 100
    assert costs["nff:asking"].passes == 8 * (1 + 100)
    assert costs["asking"].seconds == 100
    # The few passes that the dry run really makes take their time too.
    assert 8 * (1 + 100) <= costs["nff:asking"].seconds <= 1.1 * 8 * (1 + 100)
