"""How fast the suite is meant to be: each target is a workload, a unit and a limit in that unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bench.errors import BenchError
from bench.timing.memory import peak_bytes
from bench.timing.setup import TimingConfig
from bench.timing.workloads import Workload, counterparts
from methods import METHODS, MethodSpec, parse
from methods.adapters.counterparts import through
from methods.sets import PAPER_ROWS
from methods.spelling import did_you_mean
from results.store.timings import Timings, Verdict

DELTAS = range(0, 100, 10)
BATCHES = (8, 32)
"""Batches of the two runs whose memory is compared: within the first few, allocators have not settled yet."""
LIBRARY = "pgc"
PASSES, TIMES, MEMORY = "bare passes", "times faster", "times the memory"


@dataclass(frozen=True)
class SpeedTarget:
    """How fast one workload is meant to be.

    Attributes:
        name: of the workload.
        specs: returns the methods that are computed together.
        unit: of the limits: `PASSES`, `TIMES` as fast as the library, or `MEMORY`.
        limits: by kind of device.
        square: measured on a single square image with the shorter side of the size asked for, since the library
            takes minutes for it.
    """

    name: str
    specs: Callable[[], list[MethodSpec]]
    unit: str
    limits: dict[str, float]
    square: bool = False

    @property
    def workload(self) -> Workload:
        """The workload of ours."""
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


SPEED_TARGETS = {
    "gradient": SpeedTarget("all gradient-weighted methods", _gradient_weighted, PASSES, {"cpu": 1.4, "cuda": 1.5}),
    "truncated": SpeedTarget(
        "lt-grad-cam and lt-layer-cam at ten δ",
        _at_ten_deltas("lt-grad-cam", "lt-layer-cam"),
        PASSES,
        {"cpu": 1.6, "cuda": 2},
    ),
    "ra": SpeedTarget("ra-cam at one δ", _only("ra-cam"), PASSES, {"cpu": 2, "cuda": 2}),
    "ra-ten": SpeedTarget("ra-cam at ten δ", _at_ten_deltas("ra-cam"), PASSES, {"cpu": 9, "cuda": 9}),
    "papers": SpeedTarget(
        "the papers' rows that pytorch-grad-cam has, but Score-CAM and Ablation-CAM",
        _paper_rows,
        TIMES,
        {"cpu": 6, "cuda": 10},
    ),
    "full-grad": SpeedTarget("full-grad alone", _only("full-grad"), TIMES, {"cpu": 4, "cuda": 20}),
    "ablation": SpeedTarget("ablation-cam alone", _only("ablation-cam"), TIMES, {"cpu": 40, "cuda": 20}, square=True),
    "score": SpeedTarget("score-cam alone", _only("score-cam"), TIMES, {"cpu": 1.3, "cuda": 3}, square=True),
    "memory": SpeedTarget(
        f"a run of {BATCHES[1]} batches beside one of {BATCHES[0]}",
        _gradient_weighted,
        MEMORY,
        {"cpu": 1.05, "cuda": 1.05},
    ),
}


def choose(text: str) -> list[SpeedTarget]:
    """Return the targets that a list of keys of `SPEED_TARGETS`, or ``all``, names.

    Raises:
        BenchError: there is no such target.

    Examples:
        >>> [target.name for target in choose("ra, score")]
        ['ra-cam at one δ', 'score-cam alone']
    """
    keys = list(SPEED_TARGETS) if text == "all" else [one.strip() for one in text.split(",")]
    for key in keys:
        if key not in SPEED_TARGETS:
            near = did_you_mean(key, [*SPEED_TARGETS, "all"])
            raise BenchError(f"--targets {text}: there is no target {key!r}; {near}")
    return [SPEED_TARGETS[key] for key in keys]


def workloads_of(
    targets: Sequence[SpeedTarget], configs: Sequence[TimingConfig]
) -> list[tuple[TimingConfig, list[Workload]]]:
    """Return what has to be timed for the targets, by configuration."""
    by_config: dict[TimingConfig, list[SpeedTarget]] = {}
    for target in targets:
        for config in _configs(target, configs) if target.unit != MEMORY else ():
            by_config.setdefault(config, []).append(target)
    workloads = []
    for config, own in by_config.items():
        compared = [spec for target in own if target.unit == TIMES for spec in target.specs()]
        libraries = [one for one in counterparts(compared) if one.library == LIBRARY]
        workloads.append((config, [*(target.workload for target in own), *libraries]))
    return workloads


def judge(targets: Sequence[SpeedTarget], timings: Timings, configs: Sequence[TimingConfig]) -> Iterator[Verdict]:
    """Yield what was measured for each target with each configuration, beside its limit."""
    for target in targets:
        for config in _configs(target, configs):
            number, limit = _number(target, timings, config), target.limits[config.device.type]
            yield Verdict(target.name, config.conditions, number, limit, target.unit != TIMES, target.unit)


def _configs(target: SpeedTarget, configs: Sequence[TimingConfig]) -> list[TimingConfig]:
    if not target.square:
        return list(configs)
    return list(dict.fromkeys(replace(one, size=(min(one.size),) * 2, batch=1) for one in configs))


def _number(target: SpeedTarget, timings: Timings, config: TimingConfig) -> float:
    if target.unit == MEMORY:
        return _memory_growth(target, config)
    (timing,) = [one for one in timings.under(config.conditions) if one.work == target.name]
    return timing.in_bare_passes if target.unit == PASSES else timings.speed_up(timing, LIBRARY)


def _memory_growth(target: SpeedTarget, config: TimingConfig) -> float:
    """Return the peak memory of a long run over that of a short one; NaN where memory cannot be measured."""
    few, many = (replace(target.workload, batches=count) for count in BATCHES)
    short, long = peak_bytes(few, config), peak_bytes(many, config)
    return math.nan if short is None or long is None else long / short
