"""How long whole methods take, from prepared images to histograms."""

import pytest
import torch

from bench.classifiers.networks import NetworkConfig
from bench.stopwatch import HostClock
from bench.timing.sampling import sample
from bench.timing.setup import TimingConfig, build_testbed
from bench.timing.workloads import BARE_PASS, alone
from methods import parse

WORKLOADS = [BARE_PASS, *alone(map(parse, ("layer-cam", "ra-cam@50", "full-grad")))]


@pytest.fixture(scope="module")
def small():
    return build_testbed(TimingConfig(NetworkConfig(), "none", (224, 224), 2, torch.device("cpu")))


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_whole_method(benchmark, small, workload):
    parts = benchmark(lambda: sample(HostClock(), workload.on(small)).parts)
    assert bool(parts) == bool(workload.specs)
