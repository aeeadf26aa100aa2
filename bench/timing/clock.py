"""The clock: what is waited for, when it is read, and in which order works are run.

A sample is: wait for the device, read the clock, work, wait for the device, read the clock. Nothing is held from one
sample to the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from results.store.timings import Sample

Mark = Any
"""A reading of a clock."""


class Clock(Protocol):
    """What tells time on one device."""

    def wait(self) -> None:
        """Return when the device has done all that it was given."""

    def mark(self) -> Mark:
        """Read the clock, without waiting for the device."""

    def seconds(self, first: Mark, last: Mark) -> float:
        """Return the time between two readings."""

    def cpu_seconds(self) -> float:
        """Return the seconds that processors have given to this process so far, all threads together."""


class HostClock:
    """The clock of the processor, whose work is done when a call returns."""

    def wait(self) -> None:
        """Return at once."""

    def mark(self) -> float:
        """Read the clock, in seconds since some time."""
        return time.perf_counter()

    def seconds(self, first: float, last: float) -> float:
        """Return the time between two readings."""
        return last - first

    def cpu_seconds(self) -> float:
        """Return the seconds of all processors so far."""
        return time.process_time()


class DeviceClock:
    """Events on a GPU: each is read when the GPU comes to it, so that a mark between two works waits for nothing."""

    def __init__(self, device: torch.device) -> None:
        """Read the clock of `device`, a GPU."""
        self._device = device

    def wait(self) -> None:
        """Return when the GPU has done all that it was given."""
        torch.cuda.synchronize(self._device)

    def mark(self) -> torch.cuda.Event:
        """Put an event behind all that the GPU was given."""
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        return event

    def seconds(self, first: torch.cuda.Event, last: torch.cuda.Event) -> float:
        """Return the time between two events, once the GPU has passed both."""
        last.synchronize()
        milliseconds: float = first.elapsed_time(last)
        return milliseconds / 1000

    def cpu_seconds(self) -> float:
        """Return the seconds of all processors so far."""
        return time.process_time()


def clock_of(device: torch.device) -> Clock:
    """Return the clock that tells time on `device`."""
    return DeviceClock(device) if device.type == "cuda" else HostClock()


class Laps:
    """The parts of one sample, as the work names them; a name may come again, and its times add up."""

    def __init__(self, clock: Clock) -> None:
        """Read `clock` where parts begin and end."""
        self._clock = clock
        self._marks: list[tuple[str, Mark, Mark]] = []

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Count the time within the context for the part `name`."""
        first = self._clock.mark()
        yield
        self._marks.append((name, first, self._clock.mark()))

    def seconds(self) -> dict[str, float]:
        """Return the time of each part; the device has to be done."""
        found: dict[str, float] = {}
        for name, first, last in self._marks:
            found[name] = found.get(name, 0.0) + self._clock.seconds(first, last)
        return found


Run = Callable[[Laps], None]
Prepare = Callable[[], Run]
"""Does what is not timed and returns what is."""


@dataclass(frozen=True)
class Taken:
    """What one run of a work took: seconds, those of processors, and seconds of its parts."""

    seconds: float
    cpu: float
    scopes: dict[str, float]


def sample(clock: Clock, prepare: Prepare) -> Taken:
    """Run a work once and return what it took."""
    run, laps = prepare(), Laps(clock)
    clock.wait()
    before, first = clock.cpu_seconds(), clock.mark()
    run(laps)
    clock.wait()
    last, after = clock.mark(), clock.cpu_seconds()
    return Taken(clock.seconds(first, last), after - before, laps.seconds())


def in_turn(
    clock: Clock,
    bare: Prepare,
    works: Mapping[str, Prepare],
    repeats: int,
    limit: float,
    advance: Callable[[str], None] = lambda _name: None,
) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Sample works in turn, `repeats` rounds of them, each right behind a bare pass: a load that drifts hits all alike.

    Every work is run once before, which is not counted. One that takes longer than `limit` seconds altogether, that
    first run included, is sampled no more, but once at least.

    Args:
        clock: of the device.
        bare: the work that all are compared with.
        works: by name.
        repeats: samples of each, 1 or more.
        limit: seconds for one work.
        advance: told of every work that was run.

    Returns:
        Samples by name; and by name the reason why a work could not be run.
    """
    failures: dict[str, str] = {}
    spent: dict[str, float] = {}
    sample(clock, bare)
    for name, prepare in works.items():
        try:
            spent[name] = sample(clock, prepare).seconds
        except Exception as error:  # noqa: BLE001  a library may raise anything; the line says what it was
            failures[name] = f"{type(error).__name__}: {error}"
        advance(name)
    samples: dict[str, list[Sample]] = {name: [] for name in spent}
    for _ in range(repeats):
        for name, found in samples.items():
            if found and spent[name] > limit:
                continue
            alone, taken = sample(clock, bare), sample(clock, works[name])
            found.append(Sample(taken.seconds, taken.cpu, taken.scopes, alone.seconds, alone.cpu))
            spent[name] += taken.seconds
            advance(name)
    return samples, failures
