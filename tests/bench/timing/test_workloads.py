"""Works do what a run does, a bare pass does nothing else, and what stands beside their time is so."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.classifiers.networks import NetworkConfig
from bench.errors import BenchError
from bench.timing import machine, measure, memory, scaling, speed_targets, workloads
from bench.timing.clock import HostClock, Laps, sample
from bench.timing.setup import MULTIPLYING, Case, multiplying, subject
from methods import METHODS, heatmap, parse
from reports.timing_table import notes
from results.metrics.levels import level_statistics
from results.store.timings import BARE, SCOPES

CASE = Case(NetworkConfig(), "none", (32, 48), 2, torch.device("cpu"))


@pytest.fixture(scope="module")
def small():
    return subject(CASE)


def run(work, there):
    laps = Laps(HostClock())
    work.on(there)()(laps)
    return laps.seconds()


def test_a_case_is_the_same_network_and_images_each_time(small):
    again = subject(CASE)
    assert small.images.shape == (2, 1, 32, 48)
    assert torch.equal(again.images, small.images)
    assert torch.equal(again.masks, small.masks)
    assert torch.equal(again.network(again.images), small.network(small.images))
    assert str(CASE.conditions) == "vgg-small (fc head, relu, weights none), 32x48, batch 2, cpu, fp32"


def test_a_bare_pass_is_one_forward_and_one_backward_to_the_stages(small, monkeypatch):
    asked = []
    original = torch.autograd.grad

    def spied(total, inputs, **options):
        asked.append(inputs)
        return original(total, inputs, **options)

    passes = []
    handle = small.network.register_forward_hook(lambda *_: passes.append(1))
    monkeypatch.setattr(torch.autograd, "grad", spied)
    assert run(workloads.BARE_PASS, small) == {}
    handle.remove()
    assert passes == [1]
    ((*found,),) = asked
    shapes = [small.anatomy.layers[stage].shape for stage in small.anatomy.stages]
    assert [tuple(one.shape[1:]) for one in found] == shapes
    assert not small.network.get_submodule(small.anatomy.stages[0])._forward_hooks


def test_a_bare_pass_copies_only_what_the_network_overwrites(small):
    given, read = [], []
    network, stage = small.network, small.anatomy.stages[0]
    follower = "features." + str(int(stage.split(".")[1]) + 1)
    handles = [network.get_submodule(follower).register_forward_pre_hook(lambda _, inputs: read.append(inputs[0]))]
    handles.append(network.get_submodule(stage).register_forward_hook(lambda _, __, output: given.append(output)))
    run(workloads.BARE_PASS, small)
    assert read[0] is given[0]
    for handle in handles:
        handle.remove()
    convolution = next(layer for layer in small.anatomy.layers.values() if layer.kind == "Conv2d")
    norm = f"features.{int(convolution.name.split('.')[1]) + 1}"
    assert small.anatomy.layers[norm].overwritten  # by the ReLU behind it
    run(workloads.BARE_PASS, replace(small, anatomy=replace(small.anatomy, stages=(norm,))))


def test_a_work_gives_the_histograms_that_a_run_gives(small, monkeypatch):
    specs = tuple(map(parse, ("layer-cam", "ra-cam@30", "grad-cam", "eigen-cam", "sess:grad-cam")))
    counted = []
    monkeypatch.setattr(workloads, "level_statistics", lambda *given: counted.append(level_statistics(*given)))
    run(workloads.Workload("some", specs), small)
    evidence = Evidence(small.network, small.anatomy, small.images, small.target, specs)
    for spec, found in zip(workloads.by_gradient(specs), counted, strict=True):
        expected = level_statistics(heatmap(spec, View(evidence, spec)).values, small.masks)
        assert (found.defect == expected.defect).all()
        assert (found.other == expected.other).all()


def test_scopes_are_told_apart_and_each_backward_pass_is_one(small, monkeypatch):
    backward = []
    original = torch.autograd.grad

    def spied(*given, **options):
        backward.append(given)
        return original(*given, **options)

    monkeypatch.setattr(torch.autograd, "grad", spied)
    specs = tuple(map(parse, ("ra-cam@0", "ra-cam@50", "layer-cam", "lt-layer-cam", "layer-cam+fgbp@50")))
    taken = sample(HostClock(), workloads.Workload("some", specs).on(small))
    assert len(backward) == 3  # plain, and one for each δ of the filter
    assert set(taken.scopes) == set(SCOPES)
    assert 0 < sum(taken.scopes.values()) <= taken.seconds


def test_a_method_that_reads_no_gradient_has_no_backward_pass(small):
    assert set(run(workloads.Workload("eigen-cam", (parse("eigen-cam"),)), small)) == set(SCOPES) - {"backward"}


def test_libraries_are_timed_for_the_methods_that_they_have():
    found = workloads.rivals(map(parse, ("grad-cam", "lt-grad-cam", "layer-cam")))
    assert [(work.name, work.library, [str(own) for own in work.stands_for]) for work in found] == [
        ("pgc:GradCAM", "pgc", ["grad-cam"]),
        ("captum:LayerGradCam", "captum", ["grad-cam"]),
        ("pgc:LayerCAM", "pgc", ["layer-cam"]),
    ]


@pytest.mark.parametrize("name", ["GradCAM", "LayerCAM", "FullGrad", "AblationCAM"])
def test_a_library_gets_the_whole_batch_and_only_its_own_call_is_timed(small, monkeypatch, name):
    kept = []
    original = workloads.pytorch_grad_cam.at_once
    monkeypatch.setattr(workloads.pytorch_grad_cam, "at_once", lambda *given: kept.append(original(*given)))
    spec = parse(f"pgc:{name}")
    prepared = workloads.Workload(str(spec), (spec,), "pgc").on(small)()
    with monkeypatch.context() as forbidden:
        forbidden.setattr(workloads, "Evidence", None)
        prepared(Laps(HostClock()))
    view = View(Evidence(small.network, small.anatomy, small.images, small.target, [spec]), spec)
    torch.testing.assert_close(kept[0], METHODS[spec.name].compute(view), atol=1e-4, rtol=1e-3)


def test_operations_that_the_counter_cannot_follow_are_not_counted_and_it_is_said(small):
    works_of_it = workloads.alone([parse("captum:LRP"), parse("grad-cam")])
    found = measure.execute(measure.TimingPlan([(CASE, works_of_it)], 1, math.inf), lambda _name: None)
    _, lrp, grad_cam = found.timings
    assert (lrp.flops, len(lrp.samples)) == (None, 1)
    assert lrp.peak_bytes is not None
    assert grad_cam.flops
    (line,) = [line for line in notes(found) if "could not be" in line]
    assert line.startswith(f"operations of captum:LRP ({lrp.conditions}) could not be counted: ")


def test_measuring_keeps_every_sample_and_counts_beside_the_clock(small, monkeypatch):
    monkeypatch.setitem(machine.SIDES, "cpu", 256)
    some = [workloads.Workload("two", (parse("grad-cam"), parse("layer-cam"))), *workloads.alone([parse("cam")])]
    plan = measure.TimingPlan([(CASE, some)], 2, math.inf)
    found = measure.execute(plan, lambda _name: None)
    bare, two, cam = found.timings
    assert (bare.work, len(bare.samples), len(two.samples)) == (BARE, 2, 2)
    assert cam.samples == ()
    assert cam.reason.startswith("NotApplicableError: the network does not end in")
    assert bare.quartiles[1] == pytest.approx(sum(one.bare for one in two.samples) / 2)
    with FlopCounterMode(display=False) as counter:
        small.network(small.images)
    assert counter.get_total_flops() < bare.flops < 3 * counter.get_total_flops()
    assert two.flops == bare.flops
    assert found.peaks["cpu fp32"] > 0
    assert plan.runs == 6


def test_memory_is_that_of_a_process_of_its_own():
    if not memory.FORGET.is_file():
        pytest.skip("memory of a process is measured on Linux only")
    large = replace(CASE, size=(256, 256), batch=4)
    work = workloads.Workload("layer-cam", (parse("layer-cam"),))
    outputs = 16 * 256 * 256 * 4 * 4  # of one layer of the first stage, in bytes
    assert 2 * outputs < memory.in_process(work, large) < 40 * outputs


def test_lower_precision_is_that_of_the_network_and_its_price_is_told():
    low = replace(CASE, precision="bf16")
    there = subject(low)
    assert there.network(there.images).dtype == torch.bfloat16
    (spec,) = specs = (parse("layer-cam"),)
    work = workloads.Workload("layer-cam", specs)
    assert work.maps(there)[str(spec)].dtype == torch.float32
    distance = measure.deviation(work, low)
    assert 1e-5 < distance.relative < 0.2
    assert 0.9 < distance.correlation < 1
    assert measure.deviation(work, CASE).relative == 0


def test_maps_of_nothing_are_not_apart_and_have_no_ranks(monkeypatch):
    nothing = {"a": torch.zeros(2, 4, 4)}
    monkeypatch.setattr(workloads.Workload, "maps", lambda *_: nothing)
    distance = measure.deviation(workloads.Workload("a", (parse("grad-cam"),)), CASE)
    assert distance.relative == 0
    assert distance.correlation != distance.correlation  # NaN


def test_products_on_a_gpu_are_allowed_tf32_only_where_it_is_asked_for():
    before = [one.fp32_precision for one in MULTIPLYING]
    with multiplying("tf32"):
        assert {one.fp32_precision for one in MULTIPLYING} == {"tf32"}
        with multiplying("fp32"):
            assert {one.fp32_precision for one in MULTIPLYING} == {"ieee"}
    assert [one.fp32_precision for one in MULTIPLYING] == before


def test_the_machine_is_described():
    found = machine.describe([CASE.device])
    assert found["threads"] == torch.get_num_threads()
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 2**28
    assert torch.__version__.startswith(found["versions"]["torch"])
    assert found["processor"]
    assert "gpu" not in found


def test_every_target_has_its_works_and_its_verdict(monkeypatch):
    monkeypatch.setattr(memory, "in_process", lambda work, _case: 100 + work.batches)
    cases = [CASE, replace(CASE, batch=3)]
    chosen = speed_targets.choose("all")
    todo = speed_targets.todo(chosen, cases)
    assert [(case.size, case.batch) for case, _ in todo] == [((32, 48), 2), ((32, 48), 3), ((32, 32), 1)]
    by_name = {work.name: work for _, there in todo for work in there}
    assert len(by_name["lt-grad-cam and lt-layer-cam at ten δ"].specs) == 20
    assert len({spec.filter for spec in by_name["ra-cam at ten δ"].specs}) == 10
    papers = by_name[speed_targets.GOALS["papers"].name]
    assert [str(spec) for spec in papers.specs] == ["grad-cam", "grad-cam++", "xgrad-cam", "layer-cam", "full-grad"]
    assert {"pgc:FullGrad", "pgc:AblationCAM", "pgc:ScoreCAM"} < set(by_name)
    assert all(spec.rules == () for spec in by_name["all gradient-weighted methods"].specs)


def test_verdicts_are_numbers_of_the_timings_and_the_memory_of_two_runs(monkeypatch):
    monkeypatch.setattr(memory, "in_process", lambda work, _case: 100 + work.batches)
    chosen = speed_targets.choose("ra,memory")
    case = replace(CASE, batch=1)
    plan = measure.TimingPlan(speed_targets.todo(chosen, [case]), 1, math.inf, counted=False)
    found = measure.execute(plan, lambda _name: None)
    ra, long = speed_targets.judge(chosen, found, [case])
    assert ra.number == found.timings[1].in_bare_passes
    assert (ra.limit, ra.at_most, ra.unit) == (2, True, "bare passes")
    assert long.number == pytest.approx(132 / 108)


def test_an_unknown_target_is_named():
    with pytest.raises(BenchError, match="there is no target 'gradients'; did you mean gradient"):
        speed_targets.choose("gradients")


def test_one_quantity_grows_at_a_time_and_nothing_is_timed_twice():
    specs = list(map(parse, ("layer-cam", "ra-cam@30")))
    found = scaling.points(CASE, specs)
    for axis, same in {
        "pixels": lambda case: (case.network, case.batch),
        "images": lambda case: (case.network, case.size),
        "channels of the last stage": lambda case: (case.size, case.batch),
    }.items():
        assert len({same(one.case) for one in found if one.axis == axis}) == 1
    assert {len(one.work.specs) for one in found if one.axis == "δ at once"} == {1, 2, 5, 10}
    todo = scaling.todo(found)
    assert len({case.conditions for case, _ in todo}) == len(todo)
    for _, there in todo:
        assert len(set(there)) == len(there)


def test_networks_of_other_widths_are_vgg16_but_for_their_channels():
    network = scaling.eighth(2)
    features = [one for one in network[0] if isinstance(one, torch.nn.Conv2d)]
    assert [one.out_channels for one in features] == [8, 8, 16, 16, *[32] * 3, *[64] * 6]
    assert network(torch.rand(1, 3, 32, 32)).shape == (1, 2)


def test_plug_ins_are_known_in_processes_of_their_own(tmp_path):
    if not memory.FORGET.is_file():
        pytest.skip("memory of a process is measured on Linux only")
    file: Path = tmp_path / "holding.py"
    file.write_text(
        "import torch\nfrom methods import gradient_method\n"
        "@gradient_method('holding', paper='none')\n"
        "def holding(activation, gradient):\n"
        "    return torch.ones(100_000_000 // 4).sum() * activation.sum(1)\n"
    )
    from bench.plugins import load_plugins

    load_plugins([file])
    assert memory.in_process(workloads.Workload("holding", (parse("holding"),)), CASE, [file]) > 90_000_000
