"""The permutation test: against plain loops, its size in simulation, and what few items cannot tell."""

from itertools import product

import numpy as np
import pytest

from results.metrics.counts import Counts
from results.statistics import permutation
from results.statistics.pairing import Pairing
from results.statistics.permutation import changed_items, holm, smallest_p, swap_tests


def pairing(first, second, *, names=None):
    """Return the pairing of (tp, fp, fn) an item, or of such rows a seed."""
    one, other = (np.array(rows, dtype=np.int64).reshape(len(rows), -1, 3) for rows in (first, second))
    sides = (Counts(*np.moveaxis(rows, -1, 0), np.zeros(rows.shape[:2], dtype=np.int64)) for rows in (one, other))
    names = names or [f"{number:03}" for number in range(len(first))]
    return Pairing(tuple(names), tuple(range(one.shape[1])), *sides, images=len(first), left_out=0)


def drawn(seed, items, seeds=1):
    """Return two methods on the same items at random."""
    draw = np.random.default_rng(seed)
    tp, fp = draw.integers(0, 101, (2, items, seeds)), draw.integers(0, 300, (2, items, seeds))
    return pairing(*np.stack([tp, fp, 100 - tp], axis=-1))


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


def alike(draw, items, *, wider=1.0, scale=1.0):
    """Draw two methods on the same items, whose pooled IoU in truth is the same; the second may vary more."""
    area = np.maximum(20, draw.lognormal(6, 0.5, items))
    easy = draw.beta(8, 4, items)
    sides = []
    for spread, times in ((1.0, 1.0), (wider, scale)):
        tp = (area * np.clip(easy + draw.normal(0, 0.15 * spread, items), 0.02, 0.98)).astype(np.int64)
        fp = (times * area * draw.lognormal(0.3, 0.5 if spread == 1 else 0.9, items)).astype(np.int64)
        sides.append(np.stack([tp, fp, area.astype(np.int64) - tp], axis=-1))
    return pairing(*sides)


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
