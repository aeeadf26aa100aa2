"""The percentile δ of the gradient rules: the run of every δ, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from bench.errors import BenchError
from bench.own import datasets
from bench.plugins import load_plugins
from bench.runs.reporter import Reporter
from bench.runs.request import request_study
from bench.runs.run import execute
from bench.studies.settings import SweepSettings
from methods import MethodSpec, select
from methods.spec import DEFAULT_DELTA
from results.metrics.thresholds import parse_policy
from results.store.manifest import Manifest
from results.store.run_store import RunStore
from results.studies.sweeps import Sweep, score_sweep

DELTAS = "write FIRST:LAST:STEP, e.g. 0:90:10, or a list, e.g. 0,50,90, each from 0 to 100"


@dataclass(frozen=True)
class SweptRun:
    """What a sweep shows, and the folder and the manifest of its run."""

    sweep: Sweep
    folder: Path
    manifest: Manifest


def sweep(settings: SweepSettings, reporter: Reporter) -> SweptRun:
    """Run methods at every δ on the defective images of some splits, and score them.

    Raises:
        BenchError, DatasetError, MethodError, ResultError: as `bench.api.run`; a method has no rule that a δ could
            belong to, or the δ or the splits cannot be read.
    """
    load_plugins(settings.plugin)
    policy, splits = parse_policy(settings.threshold), read_splits(settings.splits)
    families = by_family(select(settings.methods), read_deltas(settings.deltas))
    request = request_study(settings, [spec for at in families.values() for spec in at.values()], splits)
    evaluation = replace(request.evaluation, only_defective=True)
    store = RunStore(execute(replace(request, evaluation=evaluation), reporter))
    texts = {family: {delta: str(spec) for delta, spec in at.items()} for family, at in families.items()}
    found = score_sweep(store.cells(), texts, splits, policy, DEFAULT_DELTA)
    return SweptRun(found, store.folder, store.manifest())


def read_deltas(text: str) -> tuple[float, ...]:
    """Read δ in percent, FIRST:LAST:STEP with LAST included or a list; ascending, each once.

    Raises:
        BenchError: it is something else, a δ is not from 0 to 100, or the steps do not meet LAST.
    """
    stepwise = ":" in text
    try:
        numbers = [Decimal(part.strip()) for part in text.split(":" if stepwise else ",")]
    except InvalidOperation:
        raise BenchError(f"deltas {text}: {DELTAS}") from None
    if stepwise and len(numbers) != 3:
        raise BenchError(f"deltas {text}: {DELTAS}")
    ends = numbers[:2] if stepwise else numbers
    if not all(number.is_finite() and 0 <= number <= 100 for number in ends):
        raise BenchError(f"deltas {text}: δ is a percentile from 0 to 100; {DELTAS}")
    return tuple(sorted({float(number) for number in (_steps(numbers, text) if stepwise else numbers)}))


def _steps(numbers: list[Decimal], text: str) -> list[Decimal]:
    first, last, step = numbers
    if not step.is_finite() or step <= 0 or last < first:
        raise BenchError(f"deltas {text}: STEP has to be above 0, and LAST not below FIRST; {DELTAS}")
    if (last - first) % step:
        raise BenchError(f"deltas {text}: steps of {step} from {first} do not meet {last}; {DELTAS}")
    return [first + number * step for number in range(int((last - first) / step) + 1)]


def read_splits(text: str) -> tuple[str, ...]:
    """Read names of splits, and return them in the order of train, val, test.

    Raises:
        BenchError: there is none, or one of them does not exist.
    """
    named = {part.strip() for part in text.split(",")}
    if unknown := sorted(named - set(datasets.SPLITS)):
        raise BenchError(f"splits {text}: there is no split {unknown[0]!r}; choose from {', '.join(datasets.SPLITS)}")
    return tuple(split for split in datasets.SPLITS if split in named)


def by_family(specs: Sequence[MethodSpec], deltas: Sequence[float]) -> dict[str, dict[float, MethodSpec]]:
    """Return the spec of each δ by family, the text that leaves every δ out.

    Raises:
        BenchError: there are no methods, or some have no rule that a δ could belong to.
    """
    if not specs:
        raise BenchError("no methods are named that could be swept")
    if without := [str(spec) for spec in specs if not spec.rules]:
        raise BenchError(
            f"{', '.join(without)} cannot be swept: a δ belongs to a gradient rule; write NAME+lt, NAME+fgbp or "
            "NAME+fgbp+lt for a method that reads gradients, and leave the others out"
        )
    return {_family(spec): {delta: spec.at(delta) for delta in deltas} for spec in specs}


def _family(spec: MethodSpec) -> str:
    """Return the short text of `spec` without δ, which stands for that of the default."""
    name, bracket, options = str(spec.at(DEFAULT_DELTA)).partition("[")
    return name.replace(f"@{DEFAULT_DELTA:g}", "") + bracket + options
