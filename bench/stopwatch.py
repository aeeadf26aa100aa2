"""The one stopwatch of the suite: seconds on the clock of a device, CPU seconds, and the seconds of named parts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, Self

import torch
from typing_extensions import override

Mark = Any
"""A reading of a clock."""


class Clock(Protocol):
    """Tells the time on one device."""

    def wait(self) -> None:
        """Return when the device has finished everything that it was given."""

    def mark(self) -> Mark:
        """Read the clock, without waiting for the device."""

    def seconds(self, first: Mark, last: Mark) -> float:
        """Return the time between two readings."""

    def cpu_seconds(self) -> float:
        """Return the CPU time of this process so far, in seconds, all threads together."""
        return time.process_time()


class HostClock(Clock):
    """The clock of the CPU, whose work is done when a call returns."""

    @override
    def wait(self) -> None:
        pass

    @override
    def mark(self) -> float:
        return time.perf_counter()

    @override
    def seconds(self, first: float, last: float) -> float:
        return last - first


class DeviceClock(Clock):
    """Events on a GPU: each is read when the GPU comes to it, so that a reading between two parts waits for nothing."""

    def __init__(self, device: torch.device) -> None:
        """Read the clock of `device`, a GPU."""
        self._device = device

    @override
    def wait(self) -> None:
        torch.cuda.synchronize(self._device)

    @override
    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        return event

    @override
    def seconds(self, first: torch.cuda.Event, last: torch.cuda.Event) -> float:
        last.synchronize()
        milliseconds: float = first.elapsed_time(last)
        return milliseconds / 1000


def clock_of(device: torch.device) -> Clock:
    """Return the clock that tells the time on `device`."""
    return DeviceClock(device) if device.type == "cuda" else HostClock()


class Stopwatch:
    """Times what is done within its context: it waits for the device before the first reading and before the last.

    Attributes:
        seconds: from beginning to end; NaN until the context has ended.
        cpu_seconds: CPU time of this process meanwhile, all threads together; NaN until the context has ended.
        parts: seconds of each part by name; the times of parts of one name add up.

    Examples:
        >>> with Stopwatch() as watch:
        ...     with watch.part("addition"):
        ...         total = sum(range(1000))
        >>> 0 < watch.parts["addition"] <= watch.seconds
        True
    """

    def __init__(self, clock: Clock | None = None) -> None:
        """Read `clock`, that of the CPU by default."""
        self._clock = clock or HostClock()
        self._marks: list[tuple[str, Mark, Mark]] = []
        self.seconds = self.cpu_seconds = math.nan
        self.parts: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._clock.wait()
        self._cpu_before, self._first = self._clock.cpu_seconds(), self._clock.mark()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        self._clock.wait()
        last, cpu_after = self._clock.mark(), self._clock.cpu_seconds()
        self.seconds = self._clock.seconds(self._first, last)
        self.cpu_seconds = cpu_after - self._cpu_before
        for name, begun, ended in self._marks:
            self.parts[name] = self.parts.get(name, 0.0) + self._clock.seconds(begun, ended)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time within the context as the part `name`, unless it ends in an error."""
        begun = self._clock.mark()
        yield
        self._marks.append((name, begun, self._clock.mark()))
