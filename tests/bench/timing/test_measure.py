"""Every sample is kept, and what stands beside the times is measured apart from them."""

import math
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from bench.timing import machine, measure, workloads
from bench.timing.setup import build_testbed
from methods import parse
from reports.timing_table import notes
from results.store.timings import BARE
from tests.helpers.timing_setup import CONFIG


def test_operations_that_the_counter_cannot_follow_are_not_counted_and_it_is_said(small):
    alone = workloads.alone([parse("captum:LRP"), parse("grad-cam")])
    found = measure.execute(measure.TimingPlan([(CONFIG, alone)], 1, math.inf), lambda _name: None)
    _, lrp, grad_cam = found.timings
    assert (lrp.flops, len(lrp.samples)) == (None, 1)
    assert lrp.peak_bytes is not None
    assert grad_cam.flops
    (line,) = [line for line in notes(found) if "could not be" in line]
    assert line.startswith(f"operations of captum:LRP ({lrp.conditions}) could not be counted: ")


def test_measuring_keeps_every_sample_and_counts_beside_the_clock(small, monkeypatch):
    monkeypatch.setitem(machine.SIDES, "cpu", 256)
    some = [workloads.Workload("two", (parse("grad-cam"), parse("layer-cam"))), *workloads.alone([parse("cam")])]
    plan = measure.TimingPlan([(CONFIG, some)], 2, math.inf)
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


def test_lower_precision_is_that_of_the_network_and_its_price_is_told():
    low = replace(CONFIG, precision="bf16")
    testbed = build_testbed(low)
    assert testbed.network(testbed.images).dtype == torch.bfloat16
    (spec,) = specs = (parse("layer-cam"),)
    work = workloads.Workload("layer-cam", specs)
    assert work.maps(testbed)[str(spec)].dtype == torch.float32
    distance = measure.deviation(work, low)
    assert 1e-5 < distance.relative < 0.2
    assert 0.9 < distance.correlation < 1
    assert measure.deviation(work, CONFIG).relative == 0


def test_maps_of_nothing_are_not_apart_and_have_no_ranks(monkeypatch):
    nothing = {"a": torch.zeros(2, 4, 4)}
    monkeypatch.setattr(workloads.Workload, "maps", lambda *_: nothing)
    distance = measure.deviation(workloads.Workload("a", (parse("grad-cam"),)), CONFIG)
    assert distance.relative == 0
    assert distance.correlation != distance.correlation  # NaN


def test_methods_are_measured_alone_and_one_that_fails_says_why():
    cam, layer_cam = measure.measure_alone(CONFIG, [parse("cam"), parse("layer-cam")], ())
    assert (cam.work, cam.samples) == ("cam", ())
    assert "global average pooling" in cam.reason
    assert 1 <= len(layer_cam.samples) <= measure.FEW_REPEATS
    assert layer_cam.peak_bytes is None or layer_cam.peak_bytes > 0
