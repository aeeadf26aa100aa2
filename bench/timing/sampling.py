"""In which order workloads are timed, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.stopwatch import Clock, Stopwatch
from results.store.timings import Sample

Run = Callable[[Stopwatch], None]
"""What is timed; it may name its parts on the stopwatch."""
Prepare = Callable[[], Run]
"""Does what is not timed and returns what is."""


def sample(clock: Clock, prepare: Prepare) -> Stopwatch:
    """Run a workload once; return the stopwatch that timed it."""
    run = prepare()
    with Stopwatch(clock) as watch:
        run(watch)
    return watch


def in_turn(
    clock: Clock,
    bare: Prepare,
    workloads: Mapping[str, Prepare],
    repeats: int,
    limit: float,
    advance: Callable[[str], None] = lambda _name: None,
) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Sample workloads in rounds, each right after a bare pass, so that a drifting load affects all of them alike.

    Every workload is run once before the first round, which is not counted. One that has taken longer than `limit`
    seconds in total, that first run included, is sampled only once.

    Args:
        clock: of the device.
        bare: the bare pass that all are compared with.
        workloads: by name.
        repeats: number of rounds, 1 or more.
        limit: seconds for one workload.
        advance: called with the name of every workload that was run.

    Returns:
        Samples by name; and by name the reason why a workload could not be run.
    """
    failures: dict[str, str] = {}
    spent: dict[str, float] = {}
    sample(clock, bare)
    for name, prepare in workloads.items():
        try:
            spent[name] = sample(clock, prepare).seconds
        except Exception as error:  # noqa: BLE001  a library may raise anything; the line says what it was
            failures[name] = f"{type(error).__name__}: {error}"
        advance(name)
    samples: dict[str, list[Sample]] = {name: [] for name in spent}
    for _ in range(repeats):
        for name, taken in samples.items():
            if taken and spent[name] > limit:
                continue
            alone, watch = sample(clock, bare), sample(clock, workloads[name])
            taken.append(Sample(watch.seconds, watch.cpu_seconds, watch.parts, alone.seconds, alone.cpu_seconds))
            spent[name] += watch.seconds
            advance(name)
    return samples, failures
