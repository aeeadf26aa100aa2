"""Every target has its workloads and its verdict."""

import math
from dataclasses import replace

import pytest

from bench.errors import BenchError
from bench.timing import measure, speed_targets
from tests.helpers.timing_setup import CONFIG


def test_every_target_has_its_workloads_and_its_verdict(monkeypatch):
    monkeypatch.setattr(speed_targets, "peak_bytes", lambda workload, _config: 100 + workload.batches)
    configs = [CONFIG, replace(CONFIG, batch=3)]
    chosen = speed_targets.choose("all")
    to_time = speed_targets.workloads_of(chosen, configs)
    assert [(config.size, config.batch) for config, _ in to_time] == [((32, 48), 2), ((32, 48), 3), ((32, 32), 1)]
    by_name = {work.name: work for _, own in to_time for work in own}
    assert len(by_name["lt-grad-cam and lt-layer-cam at ten δ"].specs) == 20
    assert len({spec.filter for spec in by_name["ra-cam at ten δ"].specs}) == 10
    papers = by_name[speed_targets.SPEED_TARGETS["papers"].name]
    assert [str(spec) for spec in papers.specs] == ["grad-cam", "grad-cam++", "xgrad-cam", "layer-cam", "full-grad"]
    assert {"pgc:FullGrad", "pgc:AblationCAM", "pgc:ScoreCAM"} < set(by_name)
    assert all(spec.rules == () for spec in by_name["all gradient-weighted methods"].specs)


def test_verdicts_are_numbers_of_the_timings_and_the_memory_of_two_runs(monkeypatch):
    monkeypatch.setattr(speed_targets, "peak_bytes", lambda workload, _config: 100 + workload.batches)
    chosen = speed_targets.choose("ra,memory")
    config = replace(CONFIG, batch=1)
    plan = measure.TimingPlan(speed_targets.workloads_of(chosen, [config]), 1, math.inf, counted=False)
    found = measure.execute(plan, lambda _name: None)
    ra, long = speed_targets.judge(chosen, found, [config])
    assert ra.number == found.timings[1].in_bare_passes
    assert (ra.limit, ra.at_most, ra.unit) == (2, True, "bare passes")
    assert long.number == pytest.approx(132 / 108)


def test_an_unknown_target_is_named():
    with pytest.raises(BenchError, match="there is no target 'gradients'; did you mean gradient"):
        speed_targets.choose("gradients")
