"""The clock is read where it has to be, and nothing that it said is used again."""

import time

import pytest
import torch

from bench.timing.clock import DeviceClock, HostClock, Laps, clock_of, in_turn, sample


class FakeClock:
    """Notes what is done, and goes on by one second at each reading, and by what works say."""

    def __init__(self):
        self.log = []
        self.now = 0.0
        self.processors = 0.0

    def wait(self):
        self.log.append("wait")

    def mark(self):
        self.log.append("mark")
        return self.now

    def seconds(self, first, last):
        return last - first

    def cpu_seconds(self):
        return self.processors

    def work(self, name, seconds=1.0, parts=()):
        """Return a work that takes `seconds`, and before them those of its parts."""

        def prepare():
            self.log.append(f"prepare {name}")

            def run(laps):
                self.log.append(name)
                for part, long in parts:
                    with laps.scope(part):
                        self.now += long
                self.now += seconds
                self.processors += 2 * seconds

            return run

        return prepare


def test_a_sample_waits_reads_works_waits_and_reads():
    clock = FakeClock()
    taken = sample(clock, clock.work("work", 3.0))
    assert clock.log == ["prepare work", "wait", "mark", "work", "wait", "mark"]
    assert (taken.seconds, taken.cpu, taken.scopes) == (3.0, 6.0, {})


def test_preparing_is_not_timed():
    clock = FakeClock()

    def prepare():
        clock.now += 100
        return clock.work("work", 2.0)()

    assert sample(clock, prepare).seconds == 2.0


def test_parts_of_one_name_add_up_and_are_read_without_waiting():
    clock = FakeClock()
    taken = sample(clock, clock.work("work", 1.0, parts=[("a", 2.0), ("b", 4.0), ("a", 8.0)]))
    assert taken.scopes == {"a": 10.0, "b": 4.0}
    assert taken.seconds == 15.0
    assert clock.log.count("wait") == 2


def test_works_take_turns_each_behind_a_bare_pass_after_a_run_that_does_not_count():
    clock = FakeClock()
    works = {name: clock.work(name, seconds) for name, seconds in (("one", 2.0), ("two", 5.0))}
    seen = []
    samples, failures = in_turn(clock, clock.work("bare", 0.5), works, 2, 1000, seen.append)
    run = [entry for entry in clock.log if entry in {"bare", "one", "two"}]
    assert run == ["bare", "one", "two", *["bare", "one", "bare", "two"] * 2]
    assert {name: [(one.seconds, one.bare) for one in found] for name, found in samples.items()} == {
        "one": [(2.0, 0.5)] * 2,
        "two": [(5.0, 0.5)] * 2,
    }
    assert failures == {}
    assert seen == ["one", "two"] * 3


def test_no_value_is_used_twice():
    clock = FakeClock()
    durations = iter([9.0, 1.0, 2.0, 3.0])

    def prepare():
        def run(_laps):
            clock.now += next(durations)

        return run

    samples, _ = in_turn(clock, clock.work("bare"), {"work": prepare}, 3, 1000)
    assert [one.seconds for one in samples["work"]] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("limit", "count"), [(0, 1), (10, 1), (20, 2), (40, 4), (1000, 5)])
def test_a_work_beyond_its_limit_is_sampled_no_more_but_once(limit, count):
    clock = FakeClock()
    works = {"slow": clock.work("slow", 10.0), "fast": clock.work("fast", 0.1)}
    samples, _ = in_turn(clock, clock.work("bare"), works, 5, limit)
    assert len(samples["slow"]) == count
    assert len(samples["fast"]) == (5 if limit else 1)


def test_a_work_that_raises_has_its_reason_and_the_others_go_on():
    clock = FakeClock()

    def broken():
        raise ValueError("too large")

    samples, failures = in_turn(clock, clock.work("bare"), {"broken": broken, "work": clock.work("work")}, 2, 1000)
    assert failures == {"broken": "ValueError: too large"}
    assert list(samples) == ["work"]
    assert len(samples["work"]) == 2


def test_the_host_clock_goes_on_while_nothing_is_done_and_that_of_the_processors_only_while_they_work():
    clock = clock_of(torch.device("cpu"))
    assert isinstance(clock, HostClock)
    before, first = clock.cpu_seconds(), clock.mark()
    time.sleep(0.05)
    assert clock.seconds(first, clock.mark()) >= 0.05
    assert clock.cpu_seconds() - before < 0.05
    # However little of a processor this process gets, all that it gets counts: these are seconds of work.
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
    taken = sample(clock, lambda: lambda laps: None)
    there = ("record", "stream of cuda")
    assert FakeEvent.log == ["wait for cuda", there, "wait for cuda", there, "passed"]
    assert taken.seconds == 2.0


def test_laps_that_end_in_an_error_are_not_kept():
    laps = Laps(FakeClock())
    with pytest.raises(KeyError), laps.scope("part"):
        raise KeyError
    assert laps.seconds() == {}
