"""From works and conditions to timings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench.timing import memory, targets
from bench.timing.clock import HostClock, Laps, clock_of, in_turn
from bench.timing.machine import describe, peak
from bench.timing.subject import Case, Subject, multiplying, subject
from bench.timing.targets import Target
from bench.timing.works import BARE_PASS, Work
from results.timings import Apart, Sample, Timing, Timings

Advance = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What is measured, and how.

    Attributes:
        cases: conditions.
        works: that are timed under each of them.
        targets: rows of `bench.timing.targets` that are timed and judged instead of `works`.
        repeats: samples of each work.
        limit: seconds after which a work is sampled no more.
        counted: memory and floating-point operations are measured too.
        plugins: files that register methods.
    """

    cases: tuple[Case, ...]
    works: Sequence[Work]
    targets: Sequence[Target]
    repeats: int
    limit: float
    counted: bool = True
    plugins: tuple[Path, ...] = ()

    @property
    def todo(self) -> list[tuple[Case, Sequence[Work]]]:
        """Return the works under each set of conditions."""
        if self.targets:
            return [pair for case in self.cases for pair in targets.works(self.targets, case)]
        return [(case, self.works) for case in self.cases]

    @property
    def runs(self) -> int:
        """Return how often works are run before the clock, or in front of it, at most."""
        return sum((1 + self.repeats) * len(works) for _, works in self.todo)


def carry_out(plan: Plan, advance: Advance) -> Timings:
    """Measure everything; `advance` is told the name of every work that was run."""
    kinds = {(case.device, case.precision): case for case in plan.cases}
    machine = describe([device for device, _ in kinds])
    timings = tuple(timing for case, works in plan.todo for timing in measure(case, works, plan, advance))
    peaks = {f"{device.type} {precision}": peak(device, precision) for device, precision in kinds if plan.counted}
    found = Timings(machine, timings, peaks)
    return replace(found, verdicts=tuple(targets.judge(plan.targets, found, plan.cases)))


def measure(case: Case, works: Sequence[Work], plan: Plan, advance: Advance) -> Iterator[Timing]:
    """Yield the timing of the bare pass, and that of each of `works`, all under the conditions of `case`."""
    with multiplying(case.precision):
        there = subject(case)
        bare = BARE_PASS.on(there)
        prepared = {work.name: work.on(there) for work in works}
        samples, failures = in_turn(clock_of(case.device), bare, prepared, plan.repeats, plan.limit, advance)
        before = [
            Sample(one.bare, one.bare_busy, {}, one.bare, one.bare_busy) for found in samples.values() for one in found
        ]
        for work in [BARE_PASS, *works]:
            reason = failures.get(work.name, "")
            timing = _timing(work, case, before if work is BARE_PASS else samples.get(work.name, []), reason)
            # What takes minutes is not run again for the sake of its memory.
            once_more = plan.counted and not reason and timing.median <= plan.limit
            yield _counted(timing, work, there, case, plan) if once_more else timing


def apart(work: Work, case: Case) -> Apart:
    """Return how far the maps of `work` in the precision of `case` are from those in fp32, where it is worst."""
    found: list[dict[str, Tensor]] = []
    for precision in (case.precision, "fp32"):
        with multiplying(precision):
            found.append(work.maps(subject(replace(case, precision=precision))))
    low, full = found
    pairs = [(one, there) for spec in full for one, there in zip(low[spec], full[spec], strict=True)]
    return Apart(
        max(float((one - there).norm() / there.norm()) for one, there in pairs),
        min(_rank_correlation(one, there) for one, there in pairs),
    )


def _timing(work: Work, case: Case, samples: Sequence[Sample], reason: str) -> Timing:
    return Timing(
        work=work.name,
        specs=tuple(map(str, work.specs)),
        library=work.library,
        stands_for=tuple(map(str, work.stands_for)),
        conditions=case.conditions,
        samples=tuple(samples),
        reason=reason,
    )


def _counted(timing: Timing, work: Work, there: Subject, case: Case, plan: Plan) -> Timing:
    """Add what is measured once, beside the clock."""
    run = work.on(there)()
    with FlopCounterMode(display=False) as counter:
        run(Laps(HostClock()))
    on_gpu = case.device.type == "cuda"
    highest = memory.on_device(work, there) if on_gpu else memory.in_process(work, case, plan.plugins)
    distance = apart(work, case) if case.precision != "fp32" and work.specs and not work.library else None
    return replace(timing, flops=counter.get_total_flops(), peak_bytes=highest, apart=distance)


def _rank_correlation(first: Tensor, second: Tensor) -> float:
    from scipy.stats import spearmanr

    if min(len(one.unique()) for one in (first, second)) == 1:
        return float("nan")
    return float(spearmanr(first.flatten().numpy(), second.flatten().numpy()).statistic)
