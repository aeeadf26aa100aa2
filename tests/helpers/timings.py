"""Timings of a few workloads, for the tests of their tables and figures."""

import math
from dataclasses import replace

from results.scopes import SCOPES
from results.store.timings import BARE, Conditions, Deviation, Sample, Timing, Timings, Verdict

HERE = Conditions("cpu", "fp32", "vgg-small (fc head, relu, weights none)", 128, 128, 2)
LOW = replace(HERE, precision="bf16")
MACHINE = {
    "date": "2026-01-02T03:04:05+00:00",
    "processor": "Some CPU",
    "cores": 2,
    "clock_mhz": 2600,
    "memory_bytes": 2**34,
    "threads": 2,
    "load": 0.5,
    "versions": {"python": "3.11", "torch": "2.15", "platform": "Linux"},
    "commit": "0123456789abcdef",
    "dirty": False,
}


def timing(work, seconds, *, conditions=HERE, library="", stands_for=(), **others):
    parts = {} if library or work == BARE else dict.fromkeys(SCOPES, seconds / 8)
    samples = [Sample(seconds * f, seconds * f, parts, 0.1, 0.1) for f in (0.9, 1.0, 1.2)]
    specs = () if work == BARE else tuple(work.split(" and "))
    return Timing(work, specs, library, stands_for, conditions, tuple(samples), **others)


TIMINGS = Timings(
    MACHINE,
    (
        timing(BARE, 0.1),
        timing("grad-cam", 0.08, peak_bytes=12_000_000, flops=3 * 10**9),
        timing("layer-cam and full-grad", 0.15),
        timing("pgc:GradCAM", 0.2, library="pgc", stands_for=("grad-cam",)),
        replace(timing("cam", 1.0), samples=(), reason="NotApplicableError: no pooling"),
        timing(BARE, 0.05, conditions=LOW),
        timing("grad-cam", 0.04, conditions=LOW, deviation=Deviation(0.0123, 0.987)),
    ),
    {"cpu fp32": 1e11},
    ("tf32 on the cpu: it is a precision of GPUs",),
    (
        Verdict("grad-cam", HERE, 0.8, 1.4, True, "bare passes"),
        Verdict("x", HERE, math.nan, 6, False, "times faster"),
    ),
)
