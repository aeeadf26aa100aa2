"""The bootstrap over items: against plain loops, its coverage, and where it is undefined."""

import math
import random
import warnings
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.errors import ResultError
from results.metrics.counts import Counts
from results.metrics.formulas import METRICS, iou, precision
from results.statistics.bootstrap import interval, per_item

COUNTS = ("tp", "fp", "fn", "tn")


def counts(*rows):
    """Return counts from (tp, fp, fn) an image."""
    tp, fp, fn = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Counts(tp, fp, fn, np.full(len(tp), 100, dtype=np.int64))


def population(generator, items, tail=0.5):
    """Draw items whose areas and false positives are log-normal."""
    area = np.maximum(20, generator.lognormal(6, tail, items)).astype(np.int64)
    tp = (area * generator.beta(4, 2, items)).astype(np.int64)
    fp = (area * generator.lognormal(0.3, tail, items)).astype(np.int64)
    return Counts(tp, fp, area - tp, np.zeros_like(area))


def test_the_images_of_an_item_are_summed():
    summed = per_item(counts((1, 2, 3), (10, 0, 5), (4, 4, 4)), ["b", "a", "b"])
    assert (summed.tp.tolist(), summed.fp.tolist(), summed.fn.tolist()) == ([10, 5], [0, 6], [5, 7])
    assert summed.tn.tolist() == [100, 200]


def test_every_image_needs_an_item():
    with pytest.raises(ResultError, match="2 items do not belong together"):
        per_item(counts((1, 2, 3)), ["a", "b"])


def slow_iou(items):
    hit = sum(tp for tp, _, _ in items)
    return hit / sum(sum(item) for item in items)


def slow_resamples(items, value=slow_iou, number=3000):
    chance = random.Random(7)
    return sorted(value([chance.choice(items) for _ in items]) for _ in range(number))


def slow_bca(items, value=slow_iou):
    """The interval by Efron's formulas, in plain loops."""
    normal, drawn, found = NormalDist(), slow_resamples(items, value), value(items)
    below = sum(1.0 if one < found else 0.5 if one == found else 0.0 for one in drawn)
    bias = normal.inv_cdf(below / len(drawn))
    without = [value(items[:number] + items[number + 1 :]) for number in range(len(items))]
    moved = [sum(without) / len(without) - one for one in without]
    acceleration = sum(one**3 for one in moved) / (6 * sum(one**2 for one in moved) ** 1.5)
    ends = []
    for share in (0.025, 0.975):
        step = bias + normal.inv_cdf(share)
        ends.append(drawn[int(normal.cdf(bias + step / (1 - acceleration * step)) * len(drawn))])
    return ends


def rows_of(sample):
    return list(zip(sample.tp.tolist(), sample.fp.tolist(), sample.fn.tolist(), strict=True))


@pytest.mark.parametrize("items", [8, 20])
def test_the_interval_is_that_of_plain_loops(items):
    sample = population(np.random.default_rng(5), items, tail=0.9)
    slow = slow_bca(rows_of(sample))
    found = interval(sample, iou)
    assert found == pytest.approx(slow, abs=0.06 * (slow[1] - slow[0]))


def test_of_several_seeds_it_is_the_interval_of_their_mean():
    one, two = (population(np.random.default_rng(seed), 20, tail=0.9) for seed in (1, 2))
    both = Counts(*(np.stack([getattr(sample, name) for sample in (one, two)], axis=1) for name in COUNTS))
    items = list(zip(rows_of(one), rows_of(two), strict=True))
    slow = slow_bca(items, lambda drawn: sum(slow_iou(each) for each in zip(*drawn, strict=True)) / 2)
    assert interval(both, iou) == pytest.approx(slow, abs=0.06 * (slow[1] - slow[0]))


def test_a_second_seed_that_saw_the_same_changes_nothing():
    sample = population(np.random.default_rng(5), 12)
    twice = Counts(*(np.stack([getattr(sample, name)] * 2, axis=1) for name in COUNTS))
    assert interval(twice, iou) == interval(sample, iou)


def test_of_many_items_the_interval_is_near_to_plain_percentiles():
    sample = population(np.random.default_rng(3), 60, tail=0.3)
    drawn = slow_resamples(rows_of(sample), number=1500)
    low, high = drawn[37], drawn[1462]
    assert interval(sample, iou) == pytest.approx((low, high), abs=0.15 * (high - low))


def test_the_level_is_the_share_of_resamples_within():
    sample = population(np.random.default_rng(3), 40, tail=0.3)
    narrow, wide = (interval(sample, iou, level) for level in (0.5, 0.95))
    # As of a normal distribution: 0.674 and 1.96 standard errors to each side.
    assert (wide[1] - wide[0]) / (narrow[1] - narrow[0]) == pytest.approx(1.96 / 0.674, rel=0.15)


def test_the_same_seed_gives_the_same_interval():
    sample = population(np.random.default_rng(3), 12)
    assert interval(sample, iou) == interval(sample, iou, seed=0)
    assert interval(sample, iou) != interval(sample, iou, seed=1)


@pytest.mark.parametrize(("items", "least"), [(10, 0.81), (50, 0.87)])
def test_the_interval_holds_the_true_value_about_as_often_as_it_says(items, least):
    # In long simulations 0.88 and 0.93; the bounds are three standard errors of 200 intervals below.
    truth = float(iou(population(np.random.default_rng(1), 1_000_000).pooled()))
    generator = np.random.default_rng(2)
    ends = [interval(population(generator, items), iou, seed=seed) for seed in range(200)]
    assert least <= np.mean([low <= truth <= high for low, high in ends]) < 0.99


@pytest.mark.parametrize("rows", [[(3, 1, 2)] * 5, [(3, 1, 2), (6, 2, 4), (9, 3, 6)], [(0, 1, 2), (0, 5, 9)]])
def test_where_no_item_moves_the_number_both_ends_are_that_number(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert interval(counts(*rows), iou) == (slow_iou(rows), slow_iou(rows))


@pytest.mark.parametrize("rows", [[], [(3, 1, 2)]])
def test_fewer_than_two_items_have_no_interval(rows):
    assert all(math.isnan(end) for end in interval(counts(*rows), iou))


def test_a_metric_that_is_undefined_on_a_resample_has_no_interval():
    # A third of the items mark something: a resample without them has no precision.
    sample = counts((0, 0, 5), (0, 0, 5), (3, 1, 2))
    assert all(math.isnan(end) for end in interval(sample, precision))
    assert not any(math.isnan(end) for end in interval(sample, iou))


ITEM = st.tuples(st.integers(0, 50), st.integers(0, 10**6), st.integers(1, 50))


@settings(max_examples=40)
@given(st.lists(ITEM, min_size=2, max_size=12), st.sampled_from(["iou", "miou", "precision", "recall", "f1"]))
def test_the_ends_are_in_order_within_the_range_and_warn_of_nothing(rows, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = interval(counts(*rows), METRICS[name].formula)
    assert 0 <= low <= high <= 1 or (math.isnan(low) and math.isnan(high))
