"""The clock is read where it has to be, and parts are told apart."""

import math
import time

import pytest
import torch

from bench.stopwatch import DeviceClock, HostClock, Stopwatch, clock_of
from tests.helpers.fake_clock import FakeClock


def test_seconds_of_the_clock_and_of_the_cpu_are_those_between_two_waits():
    clock = FakeClock()
    with Stopwatch(clock) as watch:
        clock.work("work", 3.0)()(watch)
    assert clock.log == ["wait", "mark", "prepare work", "work", "wait", "mark"]
    assert (watch.seconds, watch.cpu_seconds) == (3.0, 6.0)


def test_parts_of_one_name_add_up_and_are_read_without_waiting():
    clock = FakeClock()
    with Stopwatch(clock) as watch:
        clock.work("work", 1.0, parts=[("a", 2.0), ("b", 4.0), ("a", 8.0)])()(watch)
    assert watch.parts == {"a": 10.0, "b": 4.0}
    assert watch.seconds == 15.0
    assert clock.log.count("wait") == 2


def test_a_part_that_ends_in_an_error_is_not_counted():
    with Stopwatch(FakeClock()) as watch, pytest.raises(KeyError), watch.part("part"):
        raise KeyError
    assert watch.parts == {}


def test_what_ends_in_an_error_has_no_time():
    watch = Stopwatch(FakeClock())
    with pytest.raises(KeyError), watch:
        raise KeyError
    assert math.isnan(watch.seconds)
    assert math.isnan(watch.cpu_seconds)


def test_the_host_clock_goes_on_while_nothing_is_done_and_cpu_time_only_while_work_is_done():
    clock = clock_of(torch.device("cpu"))
    assert isinstance(clock, HostClock)
    with Stopwatch(clock) as watch:
        time.sleep(0.05)
    assert watch.seconds >= 0.05
    assert watch.cpu_seconds < 0.05
    # However little of a processor this process gets, all that it gets counts: these are seconds of work.
    before = clock.cpu_seconds()
    assert any(clock.cpu_seconds() - before > 0.05 for _ in range(10**8))


class FakeEvent:
    """Stands for an event on a GPU, which is passed when it is waited for."""

    log: list = []  # noqa: RUF012

    def __init__(self, enable_timing):
        assert enable_timing
        self.number = len(FakeEvent.log)

    def record(self, stream):
        FakeEvent.log.append(("record", stream))

    def synchronize(self):
        FakeEvent.log.append("passed")

    def elapsed_time(self, other):
        assert FakeEvent.log[-1] == "passed"
        return 1000.0 * (other.number - self.number)


def test_the_clock_of_a_gpu_reads_events_of_the_current_stream(monkeypatch):
    monkeypatch.setattr(FakeEvent, "log", [])
    monkeypatch.setattr(torch.cuda, "Event", FakeEvent)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: FakeEvent.log.append(f"wait for {device}"))
    clock = clock_of(torch.device("cuda"))
    assert isinstance(clock, DeviceClock)
    with Stopwatch(clock) as watch:
        pass
    event = ("record", "stream of cuda")
    assert FakeEvent.log == ["wait for cuda", event, "wait for cuda", event, "passed"]
    assert watch.seconds == 2.0
