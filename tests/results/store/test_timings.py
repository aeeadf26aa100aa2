"""Medians, ratios and exponents of timings."""

import math
from dataclasses import replace

import pytest

from results.errors import ResultError
from results.store.timings import (
    BARE,
    Conditions,
    Sample,
    Timing,
    Timings,
    Verdict,
    growth,
)

HERE = Conditions("cpu", "fp32", "some network", 64, 32, 4)
MACHINE = {"date": "2026-01-01"}


def timing(work, pairs, *, specs=(), library="", stands_for=(), conditions=HERE, **others):
    samples = tuple(Sample(seconds, 2 * seconds, {"forward": seconds / 2}, bare, bare) for seconds, bare in pairs)
    return Timing(work, specs, library, stands_for, conditions, samples, **others)


BARE_PASS = timing(BARE, [(1.0, 1.0), (3.0, 3.0), (2.0, 2.0)])


def test_medians_and_quartiles():
    one = timing("a", [(4.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (100.0, 1.0)])
    assert one.quartiles == (2.0, 3.0, 4.0)
    assert one.images_per_second == 4 / 3
    assert one.scope("forward") == 1.5
    assert one.share("forward") == 0.5
    assert math.isnan(one.scope("backward"))
    assert one.share("backward") == 0


def test_multiples_of_a_bare_pass_by_medians_by_round_and_by_processors():
    one = timing("a", [(2.0, 1.0), (9.0, 3.0), (8.0, 2.0)])
    both = Timings(MACHINE, (BARE_PASS, one), {})
    assert both.multiple(one) == 8.0 / 2.0
    assert one.in_bare_passes == 3.0
    assert one.cpu_in_bare_passes == 6.0
    assert both.multiple(BARE_PASS) == BARE_PASS.in_bare_passes == 1.0


def test_a_bare_pass_under_other_conditions_does_not_count():
    there = replace(HERE, batch=1)
    one = timing("a", [(3.0, 1.0)], conditions=there)
    both = Timings(MACHINE, (BARE_PASS, timing(BARE, [(1.5, 1.5)], conditions=there), one), {})
    assert both.multiple(one) == 2.0
    assert both.conditions == [HERE, there]


def test_a_library_is_compared_for_all_methods_of_a_work_or_for_none():
    ours = timing("both", [(2.0, 1.0)], specs=("grad-cam", "layer-cam"))
    first = timing("pgc:GradCAM", [(3.0, 1.0)], library="pgc", stands_for=("grad-cam",))
    second = timing("pgc:LayerCAM", [(5.0, 1.0)], library="pgc", stands_for=("x", "layer-cam"))
    other = timing("captum:LayerGradCam", [(7.0, 1.0)], library="captum", stands_for=("grad-cam",))
    found = Timings(MACHINE, (BARE_PASS, ours, first, second, other), {})
    assert found.speed_up(ours, "pgc") == 4.0
    assert math.isnan(found.speed_up(ours, "captum"))
    assert math.isnan(replace(found, timings=(BARE_PASS, ours, first)).speed_up(ours, "pgc"))
    assert math.isnan(found.speed_up(BARE_PASS, "pgc"))


def test_a_library_that_failed_makes_nothing_faster():
    ours = timing("grad-cam", [(2.0, 1.0)], specs=("grad-cam",))
    failed = timing("pgc:GradCAM", [], library="pgc", stands_for=("grad-cam",), reason="it raised")
    assert math.isnan(Timings(MACHINE, (BARE_PASS, ours, failed), {}).speed_up(ours, "pgc"))


def test_operations_beside_those_that_the_machine_can_do():
    one = timing("a", [(2.0, 1.0)], flops=300)
    assert Timings(MACHINE, (BARE_PASS, one), {"cpu fp32": 1000.0}).share_of_peak(one) == 0.15
    assert math.isnan(Timings(MACHINE, (BARE_PASS, one), {"cuda fp32": 1000.0}).share_of_peak(one))
    assert math.isnan(Timings(MACHINE, (BARE_PASS,), {"cpu fp32": 1000.0}).share_of_peak(BARE_PASS))


@pytest.mark.parametrize(
    ("number", "at_most", "met"),
    [(2.0, True, True), (2.1, True, False), (2.0, False, True), (1.9, False, False), (math.nan, True, False),
     (math.nan, False, False)],
)  # fmt: skip
def test_a_target_is_met_or_not_and_never_by_a_number_that_is_not_known(number, at_most, met):
    assert Verdict("a", HERE, number, 2.0, at_most, "bare passes").met == met


def test_a_power_is_found():
    found = growth("pixels", "a", [(4.0, 6.0), (1.0, 3.0), (16.0, 12.0)])
    assert found.exponent == pytest.approx(0.5)
    assert found.factor == pytest.approx(3.0)
    assert [x for x, _ in found.points] == [1.0, 4.0, 16.0]


def test_one_point_has_no_exponent():
    with pytest.raises(ResultError, match="a was timed at fewer than two values of pixels"):
        growth("pixels", "a", [(4.0, 6.0), (4.0, 7.0)])
