"""Workloads do what a run does, and a bare pass does nothing else."""

from dataclasses import replace

import pytest
import torch

from bench.attribution.evidence import Evidence, by_gradient
from bench.attribution.view import View
from bench.stopwatch import HostClock, Stopwatch
from bench.timing import workloads
from bench.timing.sampling import sample
from methods import METHODS, heatmap, parse
from results.metrics.levels import level_statistics
from results.scopes import SCOPES


def run(workload, testbed):
    return sample(HostClock(), workload.on(testbed)).parts


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


def test_a_workload_gives_the_histograms_that_a_run_gives(small, monkeypatch):
    specs = tuple(map(parse, ("layer-cam", "ra-cam@30", "grad-cam", "eigen-cam", "sess:grad-cam")))
    counted = []
    monkeypatch.setattr(workloads, "level_statistics", lambda *given: counted.append(level_statistics(*given)))
    run(workloads.Workload("some", specs), small)
    evidence = Evidence(small.network, small.anatomy, small.images, small.target, specs)
    for spec, found in zip(by_gradient(specs), counted, strict=True):
        expected = level_statistics(heatmap(spec, View(evidence, spec)).values, small.masks)
        assert (found.defect == expected.defect).all()
        assert (found.other == expected.other).all()


def test_parts_are_told_apart_and_each_backward_pass_is_one(small, monkeypatch):
    backward = []
    original = torch.autograd.grad

    def spied(*given, **options):
        backward.append(given)
        return original(*given, **options)

    monkeypatch.setattr(torch.autograd, "grad", spied)
    specs = tuple(map(parse, ("ra-cam@0", "ra-cam@50", "layer-cam", "lt-layer-cam", "layer-cam+fgbp@50")))
    watch = sample(HostClock(), workloads.Workload("some", specs).on(small))
    assert len(backward) == 3  # plain, and one for each δ of the filter
    assert set(watch.parts) == set(SCOPES)
    assert 0 < sum(watch.parts.values()) <= watch.seconds


def test_a_method_that_reads_no_gradient_has_no_backward_pass(small):
    assert set(run(workloads.Workload("eigen-cam", (parse("eigen-cam"),)), small)) == set(SCOPES) - {"backward"}


def test_libraries_are_timed_for_the_methods_that_they_have():
    found = workloads.counterparts(map(parse, ("grad-cam", "lt-grad-cam", "layer-cam")))
    assert [(one.name, one.library, [str(own) for own in one.stands_for]) for one in found] == [
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
        prepared(Stopwatch())
    view = View(Evidence(small.network, small.anatomy, small.images, small.target, [spec]), spec)
    torch.testing.assert_close(kept[0], METHODS[spec.name].compute(view), atol=1e-4, rtol=1e-3)
