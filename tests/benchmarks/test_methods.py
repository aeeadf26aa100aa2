"""How long whole methods take, from prepared images to histograms."""

import pytest
import torch

from bench.classifiers.networks import NetworkConfig
from bench.timing.clock import HostClock, Laps
from bench.timing.setup import Case, subject
from bench.timing.workloads import BARE_PASS, alone
from methods import parse

WORKS = [BARE_PASS, *alone(map(parse, ("layer-cam", "ra-cam@50", "full-grad")))]


@pytest.fixture(scope="module")
def small():
    return subject(Case(NetworkConfig(), "none", (224, 224), 2, torch.device("cpu")))


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_whole_method(benchmark, small, work):
    def run():
        laps = Laps(HostClock())
        work.on(small)()(laps)
        return laps.seconds()

    assert bool(benchmark(run)) == bool(work.specs)
