"""How fast the suite is meant to be: each row a work, what it is compared with, and how far it may be from that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench.errors import BenchError
from bench.timing import memory
from bench.timing.setup import Case, multiplying, subject
from bench.timing.workloads import Workload, rivals
from methods import METHODS, MethodSpec, parse
from methods.adapters.counterparts import through
from methods.registry import did_you_mean
from methods.sets import PAPER_ROWS
from results.store.timings import Timings, Verdict

DELTAS = range(0, 100, 10)
BATCHES = (8, 32)
"""Of two runs whose memory is compared; within the first few batches allocators still come to rest."""
LIBRARY = "pgc"
PASSES, TIMES, MEMORY = "bare passes", "times faster", "times the memory"


@dataclass(frozen=True)
class Goal:
    """One row.

    Attributes:
        name: of the work.
        specs: gives the methods that are computed together.
        unit: of the number: `PASSES`, `TIMES` as fast as the library, or `MEMORY`.
        limits: of the number, by kind of device.
        square: on the largest square that fits into the images, and one of them: the library takes minutes for it.
    """

    name: str
    specs: Callable[[], list[MethodSpec]]
    unit: str
    limits: dict[str, float]
    square: bool = False

    @property
    def work(self) -> Workload:
        """Return the work of ours."""
        return Workload(self.name, tuple(self.specs()))


def _gradient_weighted() -> list[MethodSpec]:
    return [parse(name) for name, method in METHODS.items() if method.gradient_weighted]


def _at_ten_deltas(*names: str) -> Callable[[], list[MethodSpec]]:
    return lambda: [parse(name).at(delta) for name in names for delta in DELTAS]


def _paper_rows() -> list[MethodSpec]:
    specs = map(parse, PAPER_ROWS)
    return [spec for spec in specs if through(spec, "pytorch-grad-cam") != spec and not METHODS[spec.name].passes]


def _only(name: str) -> Callable[[], list[MethodSpec]]:
    return lambda: [parse(name)]


GOALS = {
    "gradient": Goal("all gradient-weighted methods", _gradient_weighted, PASSES, {"cpu": 1.4, "cuda": 1.5}),
    "truncated": Goal(
        "lt-grad-cam and lt-layer-cam at ten δ",
        _at_ten_deltas("lt-grad-cam", "lt-layer-cam"),
        PASSES,
        {"cpu": 1.6, "cuda": 2},
    ),
    "ra": Goal("ra-cam at one δ", _only("ra-cam"), PASSES, {"cpu": 2, "cuda": 2}),
    "ra-ten": Goal("ra-cam at ten δ", _at_ten_deltas("ra-cam"), PASSES, {"cpu": 9, "cuda": 9}),
    "papers": Goal(
        "the papers' rows that pytorch-grad-cam has, but Score-CAM and Ablation-CAM",
        _paper_rows,
        TIMES,
        {"cpu": 6, "cuda": 10},
    ),
    "full-grad": Goal("full-grad alone", _only("full-grad"), TIMES, {"cpu": 4, "cuda": 20}),
    "ablation": Goal("ablation-cam alone", _only("ablation-cam"), TIMES, {"cpu": 40, "cuda": 20}, square=True),
    "score": Goal("score-cam alone", _only("score-cam"), TIMES, {"cpu": 1.3, "cuda": 3}, square=True),
    "memory": Goal(
        f"a run of {BATCHES[1]} batches beside one of {BATCHES[0]}",
        _gradient_weighted,
        MEMORY,
        {"cpu": 1.05, "cuda": 1.05},
    ),
}


def choose(text: str) -> list[Goal]:
    """Return the rows that a list of keys of `GOALS`, or ``all``, names.

    Raises:
        BenchError: there is no such row.
    """
    keys = list(GOALS) if text == "all" else [one.strip() for one in text.split(",")]
    for key in keys:
        if key not in GOALS:
            raise BenchError(f"--targets {text}: there is no target {key!r}; {did_you_mean(key, [*GOALS, 'all'])}")
    return [GOALS[key] for key in keys]


def todo(goals: Sequence[Goal], cases: Sequence[Case]) -> list[tuple[Case, list[Workload]]]:
    """Return what has to be timed for the rows, by the conditions that it is timed under."""
    rows: dict[Case, list[Goal]] = {}
    for goal in goals:
        for case in _cases(goal, cases) if goal.unit != MEMORY else ():
            rows.setdefault(case, []).append(goal)
    found = []
    for case, there in rows.items():
        compared = [spec for goal in there if goal.unit == TIMES for spec in goal.specs()]
        found.append(
            (case, [*(goal.work for goal in there), *(work for work in rivals(compared) if work.library == LIBRARY)])
        )
    return found


def judge(goals: Sequence[Goal], timings: Timings, cases: Sequence[Case]) -> Iterator[Verdict]:
    """Yield the number of each row under each set of conditions, beside its target."""
    for goal in goals:
        for case in _cases(goal, cases):
            number, limit = _number(goal, timings, case), goal.limits[case.device.type]
            yield Verdict(goal.name, case.conditions, number, limit, goal.unit != TIMES, goal.unit)


def _cases(goal: Goal, cases: Sequence[Case]) -> list[Case]:
    if not goal.square:
        return list(cases)
    return list(dict.fromkeys(replace(case, size=(min(case.size),) * 2, batch=1) for case in cases))


def _number(goal: Goal, timings: Timings, case: Case) -> float:
    if goal.unit == MEMORY:
        return _memory(goal, case)
    (found,) = [one for one in timings.under(case.conditions) if one.work == goal.name]
    return found.in_bare_passes if goal.unit == PASSES else timings.speed_up(found, LIBRARY)


def _memory(goal: Goal, case: Case) -> float:
    """Return how many times the memory of a short run a longer one takes."""
    few, many = (replace(goal.work, batches=count) for count in BATCHES)
    if case.device.type == "cuda":
        with multiplying(case.precision):
            there = subject(case)
            return memory.on_device(many, there) / memory.on_device(few, there)
    short, long = memory.in_process(few, case), memory.in_process(many, case)
    return math.nan if short is None or long is None else long / short
