"""Verdicts: better, equal, worse, undecided, and too few items to tell."""

import numpy as np
import pytest

from results.metrics.formulas import iou
from results.metrics.thresholds import parse_policy
from results.statistics.bootstrap import difference_interval
from results.statistics.comparison import compare
from results.statistics.pairing import counted, paired
from results.statistics.permutation import LEVEL, swap_tests
from tests.helpers.compared_runs import cells_of, hits
from tests.helpers.pairings import alike, pairing
from tests.helpers.small_runs import cells

HALF = parse_policy("fixed:0.5")


def shifted(items, *moves, seed=0):
    """Return pairings of methods that hit so many pixels more on each item than one that they are compared with."""
    known = hits(items, seed=seed)
    draw = np.random.default_rng(seed + 1)
    noise = draw.integers(-3, 4, (len(moves), items))
    return {
        (f"{number}", "known"): pairing(
            [(hit + move + own, 50, 100 - hit - move - own) for hit, own in zip(known, row, strict=True)],
            [(hit, 50, 100 - hit) for hit in known],
        )
        for number, (move, row) in enumerate(zip(moves, noise, strict=True))
    }


def test_verdicts_are_by_test_and_tolerance():
    found = compare(shifted(30, 12, -12, 0), tolerance=0.02)
    assert [one.verdict for one in found] == ["better", "worse", "equal"]
    assert [one.verdict for one in compare(shifted(30, 12, -12, 0), tolerance=0.2)] == ["equal"] * 3
    assert [one.verdict for one in compare(shifted(30, 12, -12, 0))] == ["better", "worse", "undecided"]


def test_a_small_difference_that_is_sure_but_may_exceed_the_tolerance_is_undecided():
    (one,) = compare(shifted(30, -3), tolerance=0.022)
    assert one.p < LEVEL
    assert one.interval[0] < -0.022 < one.interval[1] < 0
    assert abs(one.difference) < 0.022
    assert one.verdict == "undecided"


def test_what_is_the_same_everywhere_is_equal_without_a_test_and_counts_among_none():
    changed = shifted(30, -4)
    same = {(f"same {number}", "known"): pairing([(5, 5, 5)] * 30, [(5, 5, 5)] * 30) for number in range(40)}
    alone, together = compare(changed), compare(same | changed)
    assert together[-1] == alone[0]
    assert {(one.verdict, one.p, one.difference, one.too_few) for one in together[:-1]} == {("equal", None, 0.0, False)}


def test_p_is_corrected_for_all_that_are_tested():
    several = shifted(30, *[0] * 9, -5)
    raw = swap_tests(list(several.values()))
    assert compare(several)[-1].p == pytest.approx(10 * raw[-1])
    assert compare(dict(list(several.items())[-1:]))[0].p == pytest.approx(raw[-1])


@pytest.mark.parametrize(
    ("items", "comparisons", "too_few"), [(5, 1, True), (6, 1, False), (6, 2, True), (8, 6, False)]
)
def test_too_few_items_are_said_to_be_too_few(items, comparisons, too_few):
    # 2 / 2^5 is above 5 %; 2 / 2^6 is below it, but twice that is not.
    found = compare(shifted(items, *[-20] * comparisons))
    assert {one.too_few for one in found} == {too_few}
    assert {one.p is None for one in found} == {too_few}
    assert {one.verdict for one in found} == {"undecided" if too_few else "worse"}


def test_of_several_comparisons_only_those_are_too_few_that_have_no_chance_left():
    several = shifted(12, -20, -20) | {("short", "known"): shifted(5, -20)["0", "known"]}
    assert [one.too_few for one in compare(several)] == [False, False, True]


def test_one_item_has_no_interval_and_no_test():
    (one,) = compare({("one", "known"): pairing([(1, 1, 1)], [(2, 1, 0)])})
    assert (one.interval, one.p, one.too_few, one.verdict) == (None, None, True, "undecided")


def test_seeds_are_averaged_and_stay_apart():
    first = [[(60, 0, 40), (20, 0, 80)], [(60, 0, 40), (40, 0, 60)]]
    second = [[(50, 0, 50), (50, 0, 50)], [(50, 0, 50), (50, 0, 50)]]
    (one,) = compare({("x", "y"): pairing(first, second)})
    assert one.by_seed == pytest.approx((0.1, -0.2))
    assert one.difference == pytest.approx(-0.05)
    assert one.iou == pytest.approx((0.6 + 0.3) / 2)


def test_items_are_won_tied_and_lost():
    first, second = [(6, 0, 4), (5, 0, 5), (1, 0, 9), (2, 0, 8)], [(5, 0, 5), (5, 0, 5), (3, 0, 7), (9, 0, 1)]
    (one,) = compare({("x", "y"): pairing(first, second)})
    assert (one.wins, one.ties, one.losses) == (1, 1, 2)


def test_a_failure_makes_no_method_better(tmp_path):
    good = counted(cells(tmp_path / "good", cells_of("x", hits(12))), HALF)
    failed = counted(cells(tmp_path / "failed", cells_of("x", hits(12), status="failed")), HALF)
    (one,) = compare({("x", "x"): paired(failed, good)})
    assert (one.iou, one.verdict) == (0.0, "worse")


@pytest.mark.parametrize(("items", "least"), [(10, 0.79), (50, 0.86)])
def test_the_interval_of_a_difference_holds_the_true_one_about_as_often_as_it_says(items, least):
    # In 1500 simulations 0.87 and 0.92; the bounds are three standard errors of 150 intervals below.
    draw = np.random.default_rng(2)
    ends = [difference_interval(one.first, one.second, iou) for one in (alike(draw, items) for _ in range(150))]
    assert least <= np.mean([low <= 0 <= high for low, high in ends]) < 0.99
