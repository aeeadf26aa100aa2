"""From workloads and what they are run on to timings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench.attribution.similarity import rank_correlation
from bench.stopwatch import Stopwatch, clock_of
from bench.timing.machine import describe, matmul_rate
from bench.timing.memory import peak_bytes
from bench.timing.sampling import in_turn
from bench.timing.setup import Testbed, TimingConfig, build_testbed, matmul_precision
from bench.timing.workloads import BARE_PASS, Workload, alone
from methods import MethodSpec
from results.store.timings import Deviation, Sample, Timing, Timings

Advance = Callable[[str], None]
FEW_REPEATS, SHORT_LIMIT = 5, 20
"""Samples and seconds of a method that is only tried."""


@dataclass(frozen=True)
class TimingPlan:
    """What is measured, and how.

    Attributes:
        workloads: that are timed with each configuration; no configuration stands twice.
        repeats: samples of each workload.
        limit: seconds after which a workload is not sampled again.
        counted: measure memory and floating-point operations too.
        plugins: files that register methods.
    """

    workloads: Sequence[tuple[TimingConfig, Sequence[Workload]]]
    repeats: int
    limit: float
    counted: bool = True
    plugins: tuple[Path, ...] = ()

    @property
    def runs(self) -> int:
        """How often workloads are run, at most."""
        return sum((1 + self.repeats) * len(workloads) for _, workloads in self.workloads)


def execute(plan: TimingPlan, advance: Advance) -> Timings:
    """Measure everything; `advance` is called with the name of every workload that was run."""
    kinds = list(dict.fromkeys((config.device, config.precision) for config, _ in plan.workloads))
    machine = describe([device for device, _ in kinds])
    before = _matmul_rates(kinds if plan.counted else [])
    timings = tuple(
        timing for config, workloads in plan.workloads for timing in measure(config, workloads, plan, advance)
    )
    # Other load lowers what is measured: the better of two times, an hour apart maybe, is nearer the peak.
    after = _matmul_rates(kinds if plan.counted else [])
    return Timings(machine, timings, {name: max(before[name], after[name]) for name in after})


def _matmul_rates(kinds: Sequence[tuple[torch.device, str]]) -> dict[str, float]:
    rates = {}
    for device, precision in kinds:
        with matmul_precision(precision):
            rates[f"{device.type} {precision}"] = matmul_rate(device, precision)
    return rates


def measure(
    config: TimingConfig, workloads: Sequence[Workload], plan: TimingPlan, advance: Advance = lambda _name: None
) -> Iterator[Timing]:
    """Yield the timing of the bare pass, then that of each of `workloads`, all with the same configuration."""
    with matmul_precision(config.precision):
        testbed = build_testbed(config)
        bare = BARE_PASS.on(testbed)
        prepared = {workload.name: workload.on(testbed) for workload in workloads}
        samples, failures = in_turn(clock_of(config.device), bare, prepared, plan.repeats, plan.limit, advance)
        bare_samples = [
            Sample(one.bare, one.bare_cpu, {}, one.bare, one.bare_cpu) for taken in samples.values() for one in taken
        ]
        for workload in [BARE_PASS, *workloads]:
            reason = failures.get(workload.name, "")
            taken = bare_samples if workload is BARE_PASS else samples.get(workload.name, [])
            timing = _timing(workload, config, taken, reason)
            # What takes minutes is not run again for the sake of its memory.
            once_more = plan.counted and not reason and timing.median <= plan.limit
            yield _counted(timing, workload, testbed, config, plan) if once_more else timing


def measure_alone(config: TimingConfig, specs: Sequence[MethodSpec], plugins: tuple[Path, ...]) -> list[Timing]:
    """Return the timing of each method alone, from a few samples: enough to see whether a new one is in another league.

    Args:
        config: what the methods are run on.
        specs: the methods.
        plugins: files that register methods.
    """
    plan = TimingPlan([(config, alone(specs))], FEW_REPEATS, SHORT_LIMIT, plugins=plugins)
    return [timing for workloads in plan.workloads for timing in measure(*workloads, plan) if timing.specs]


def deviation(workload: Workload, config: TimingConfig) -> Deviation:
    """Return how far the maps of `workload` in the precision of `config` are from those in fp32, at worst."""
    maps: list[dict[str, Tensor]] = []
    for precision in (config.precision, "fp32"):
        with matmul_precision(precision):
            maps.append(workload.maps(build_testbed(replace(config, precision=precision))))
    low, full = maps
    pairs = [pair for spec in full for pair in zip(low[spec], full[spec], strict=True)]
    known = [value for value in map(rank_correlation, *zip(*pairs, strict=True)) if not math.isnan(value)]
    return Deviation(max(_relative(one, exact) for one, exact in pairs), min(known, default=math.nan))


def _relative(one: Tensor, exact: Tensor) -> float:
    return float((one - exact).norm() / exact.norm().clamp(min=torch.finfo(exact.dtype).tiny))


def _timing(workload: Workload, config: TimingConfig, samples: Sequence[Sample], reason: str) -> Timing:
    return Timing(
        work=workload.name,
        specs=tuple(map(str, workload.specs)),
        library=workload.library,
        stands_for=tuple(map(str, workload.stands_for)),
        conditions=config.conditions,
        samples=tuple(samples),
        reason=reason,
    )


def _counted(timing: Timing, workload: Workload, testbed: Testbed, config: TimingConfig, plan: TimingPlan) -> Timing:
    """Add what is measured once, beside the stopwatch: operations, memory, and the deviation of a lower precision."""
    run = workload.on(testbed)()
    flops, reason = None, ""
    try:
        with FlopCounterMode(display=False) as counter:
            run(Stopwatch())
        flops = counter.get_total_flops()
    except Exception as error:  # noqa: BLE001  the counter cannot follow all that libraries do; the line says what it was
        reason = f"{type(error).__name__}: {error}"
    peak = peak_bytes(workload, config, plan.plugins)
    compared = config.precision != "fp32" and workload.specs and not workload.library
    distance = deviation(workload, config) if compared else None
    return replace(timing, flops=flops, peak_bytes=peak, deviation=distance, reason=reason)
