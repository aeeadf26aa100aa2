"""From works and conditions to timings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench.studies.library_parity import rank_correlation
from bench.timing import memory
from bench.timing.clock import HostClock, Laps, clock_of, in_turn
from bench.timing.machine import describe, peak
from bench.timing.setup import Case, Subject, multiplying, subject
from bench.timing.workloads import BARE_PASS, Workload
from results.store.timings import Deviation, Sample, Timing, Timings

Advance = Callable[[str], None]


@dataclass(frozen=True)
class TimingPlan:
    """What is measured, and how.

    Attributes:
        todo: works under each set of conditions; no conditions twice.
        repeats: samples of each work.
        limit: seconds after which a work is sampled no more.
        counted: memory and floating-point operations are measured too.
        plugins: files that register methods.
    """

    todo: Sequence[tuple[Case, Sequence[Workload]]]
    repeats: int
    limit: float
    counted: bool = True
    plugins: tuple[Path, ...] = ()

    @property
    def runs(self) -> int:
        """Return how often works are run, at most."""
        return sum((1 + self.repeats) * len(works) for _, works in self.todo)


def execute(plan: TimingPlan, advance: Advance) -> Timings:
    """Measure everything; `advance` is told the name of every work that was run."""
    kinds = list(dict.fromkeys((case.device, case.precision) for case, _ in plan.todo))
    machine = describe([device for device, _ in kinds])
    before = _peaks(kinds if plan.counted else [])
    timings = tuple(timing for case, works in plan.todo for timing in measure(case, works, plan, advance))
    # A load of others lowers what is measured: the better of two times, an hour apart maybe, is nearer the peak.
    after = _peaks(kinds if plan.counted else [])
    return Timings(machine, timings, {name: max(before[name], after[name]) for name in after})


def _peaks(kinds: Sequence[tuple[torch.device, str]]) -> dict[str, float]:
    found = {}
    for device, precision in kinds:
        with multiplying(precision):
            found[f"{device.type} {precision}"] = peak(device, precision)
    return found


def measure(case: Case, works: Sequence[Workload], plan: TimingPlan, advance: Advance) -> Iterator[Timing]:
    """Yield the timing of the bare pass, and that of each of `works`, all under the conditions of `case`."""
    with multiplying(case.precision):
        there = subject(case)
        bare = BARE_PASS.on(there)
        prepared = {work.name: work.on(there) for work in works}
        samples, failures = in_turn(clock_of(case.device), bare, prepared, plan.repeats, plan.limit, advance)
        before = [
            Sample(one.bare, one.bare_cpu, {}, one.bare, one.bare_cpu) for found in samples.values() for one in found
        ]
        for work in [BARE_PASS, *works]:
            reason = failures.get(work.name, "")
            timing = _timing(work, case, before if work is BARE_PASS else samples.get(work.name, []), reason)
            # What takes minutes is not run again for the sake of its memory.
            once_more = plan.counted and not reason and timing.median <= plan.limit
            yield _counted(timing, work, there, case, plan) if once_more else timing


def deviation(work: Workload, case: Case) -> Deviation:
    """Return how far the maps of `work` in the precision of `case` are from those in fp32, where it is worst."""
    found: list[dict[str, Tensor]] = []
    for precision in (case.precision, "fp32"):
        with multiplying(precision):
            found.append(work.maps(subject(replace(case, precision=precision))))
    low, full = found
    pairs = [(one, there) for spec in full for one, there in zip(low[spec], full[spec], strict=True)]
    known = [value for value in map(rank_correlation, *zip(*pairs, strict=True)) if not math.isnan(value)]
    return Deviation(max(_relative(one, there) for one, there in pairs), min(known, default=math.nan))


def _relative(one: Tensor, full: Tensor) -> float:
    return float((one - full).norm() / full.norm().clamp(min=torch.finfo(full.dtype).tiny))


def _timing(work: Workload, case: Case, samples: Sequence[Sample], reason: str) -> Timing:
    return Timing(
        work=work.name,
        specs=tuple(map(str, work.specs)),
        library=work.library,
        stands_for=tuple(map(str, work.stands_for)),
        conditions=case.conditions,
        samples=tuple(samples),
        reason=reason,
    )


def _counted(timing: Timing, work: Workload, there: Subject, case: Case, plan: TimingPlan) -> Timing:
    """Add what is measured once, beside the clock."""
    run = work.on(there)()
    flops, reason = None, ""
    try:
        with FlopCounterMode(display=False) as counter:
            run(Laps(HostClock()))
        flops = counter.get_total_flops()
    except Exception as error:  # noqa: BLE001  the counter cannot follow all that libraries do; the line says what it was
        reason = f"{type(error).__name__}: {error}"
    on_gpu = case.device.type == "cuda"
    highest = memory.on_device(work, there) if on_gpu else memory.in_process(work, case, plan.plugins)
    distance = deviation(work, case) if case.precision != "fp32" and work.specs and not work.library else None
    return replace(timing, flops=flops, peak_bytes=highest, deviation=distance, reason=reason)
