"""The permutation test: against plain loops, its size in simulation, and what few items cannot tell."""

from itertools import product

import numpy as np
import pytest

from results.statistics import permutation
from results.statistics.permutation import changed_items, holm, smallest_p, swap_tests
from tests.helpers.pairings import alike, drawn, pairing


def slow_iou(rows):
    return sum(tp for tp, _, _ in rows) / sum(sum(row) for row in rows)


def slow_p(one):
    """Try every swap of items, in plain loops."""
    sides = [np.stack([side.tp, side.fp, side.fn], axis=-1).tolist() for side in (one.first, one.second)]
    items, seeds = len(one.items), len(one.seeds)

    def difference(swapped):
        total = 0.0
        for seed in range(seeds):
            first = [sides[swap][item][seed] for item, swap in enumerate(swapped)]
            second = [sides[1 - swap][item][seed] for item, swap in enumerate(swapped)]
            total += slow_iou(first) - slow_iou(second)
        return total / seeds

    found = difference((0,) * items)
    all_of_them = [difference(swapped) for swapped in product((0, 1), repeat=items)]
    above = sum(value >= found - 1e-12 for value in all_of_them)
    below = sum(value <= found + 1e-12 for value in all_of_them)
    return min(1.0, 2 * min(above, below) / 2**items)


@pytest.mark.parametrize(("items", "seeds"), [(5, 1), (7, 1), (6, 3)])
def test_p_is_that_of_plain_loops(items, seeds):
    for seed in range(4):
        one = drawn(seed, items, seeds)
        assert swap_tests([one]) == pytest.approx([slow_p(one)])


def test_pairings_are_tested_together_as_they_would_be_alone():
    several = [drawn(1, 7), drawn(2, 7, seeds=2), drawn(3, 5)]
    assert swap_tests(several) == pytest.approx([slow_p(one) for one in several])


def test_drawn_swaps_come_near_to_all_of_them(monkeypatch):
    one = drawn(5, 12)
    exact = swap_tests([one])[0]
    monkeypatch.setattr(permutation, "SWAPS", 2000)
    assert 2**12 > 2000
    assert swap_tests([one])[0] == pytest.approx(exact, abs=0.04)
    assert swap_tests([one])[0] == swap_tests([one])[0]


def test_one_method_that_is_better_on_every_item_has_the_smallest_p():
    one = pairing([(80, 10, 20)] * 8, [(40, 10, 60)] * 8)
    assert swap_tests([one]) == pytest.approx([2 / 2**8])
    assert smallest_p(one, 1) == 2 / 2**8


def test_items_on_which_nothing_differs_tell_nothing():
    one = pairing([(80, 10, 20)] * 3 + [(5, 5, 95)] * 20, [(40, 10, 60)] * 3 + [(5, 5, 95)] * 20)
    assert changed_items(one).sum() == 3
    assert smallest_p(one, 1) == 0.25
    assert swap_tests([one])[0] == pytest.approx(0.25, abs=0.02)


def test_no_p_is_smaller_than_drawn_swaps_can_tell_and_more_are_drawn_for_more_comparisons():
    one = pairing([(80, 10, 20)] * 60, [(40, 10, 60)] * 60)
    assert smallest_p(one, 1) == 2 / 10_000
    assert swap_tests([one]) == pytest.approx([2 / 10_000])
    assert smallest_p(one, 300) == 2 / 120_000 < 0.05 / 300


@pytest.mark.parametrize("p", [[0.01, 0.04, 0.03, 0.2], [0.5], [], [0.02, 0.02, 0.02]])
def test_holm_multiplies_the_sorted_ps_and_never_falls(p):
    order, corrected, highest = sorted(range(len(p)), key=p.__getitem__), [0.0] * len(p), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[place]))
        corrected[place] = highest
    assert holm(p).tolist() == pytest.approx(corrected)


def size(items, **options):
    """Return how often two methods that are equally good are called different at the 5 % level."""
    draw = np.random.default_rng(2)
    return float(np.mean(swap_tests([alike(draw, items, **options) for _ in range(1000)]) <= 0.05))


@pytest.fixture
def few_swaps(monkeypatch):
    monkeypatch.setattr(permutation, "SWAPS_A_COMPARISON", 0)
    monkeypatch.setattr(permutation, "SWAPS", 1999)


@pytest.mark.parametrize("items", [10, 50])
def test_two_methods_that_are_alike_are_called_different_as_often_as_the_level_says(items, few_swaps):
    # 4.8 % with either number of items in 4000 simulations; the bounds are three standard errors of 1000.
    assert 0.027 < size(items) < 0.068


@pytest.mark.parametrize("items", [10, 50])
def test_where_one_method_varies_twice_as_much_it_is_a_little_more_often(items, few_swaps):
    # 6.7 % with 10 items, 6.5 % with 50; 0.715 gives both the same pooled IoU in truth.
    assert 0.04 < size(items, wider=2.0, scale=0.715) < 0.09
