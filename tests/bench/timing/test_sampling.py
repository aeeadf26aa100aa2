"""Workloads are timed in rounds, and nothing that the stopwatch said is used again."""

import pytest

from bench.timing.sampling import in_turn, sample
from tests.helpers.fake_clock import FakeClock


def test_a_sample_waits_reads_works_waits_and_reads():
    clock = FakeClock()
    watch = sample(clock, clock.work("work", 3.0))
    assert clock.log == ["prepare work", "wait", "mark", "work", "wait", "mark"]
    assert (watch.seconds, watch.cpu_seconds, watch.parts) == (3.0, 6.0, {})


def test_preparing_is_not_timed():
    clock = FakeClock()

    def prepare():
        clock.now += 100
        return clock.work("work", 2.0)()

    assert sample(clock, prepare).seconds == 2.0


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
        def run(_watch):
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
