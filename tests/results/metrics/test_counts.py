"""Pixel counts and pooled levels."""

from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from results.errors import ResultError
from results.metrics.counts import COUNTS, Counts, counts_at
from tests.helpers.pixel_cases import PIXELS, all_ok, histograms_of, images


@settings(deadline=None, max_examples=60)
@given(images())
def test_counts_add_up_and_pooling_is_their_sum(drawn):
    levels, masks, cuts, defective = drawn
    counts = counts_at(*histograms_of(levels, masks), cuts)
    assert np.array_equal(sum(astuple(counts)), np.full(len(levels), PIXELS))
    for part, pooled in zip(astuple(counts), astuple(counts.pooled()), strict=True):
        assert pooled == part.sum()
    halves = [counts.of(defective).pooled(), counts.of(~defective).pooled()]
    for whole, *parts in zip(astuple(counts.pooled()), *(astuple(half) for half in halves), strict=True):
        assert whole == sum(parts)


@pytest.mark.parametrize(
    ("cuts", "ok", "message"),
    [
        (np.array([1]), all_ok(2), r"thresholds must be \(2,\) integers"),
        (np.array([1.0, 2.0]), all_ok(2), r"thresholds must be \(2,\) integers"),
        (np.array([-1, 2]), all_ok(2), "from 0 to 255"),
        (np.array([1, 256]), all_ok(2), "from 0 to 255"),
        (np.array([1, 2]), all_ok(3), r"'usable' must be \(2,\) bool"),
        (np.array([1, 2]), np.array([1, 0]), r"'usable' must be \(2,\) bool"),
    ],
)
def test_arguments_that_do_not_belong_together_are_refused(cuts, ok, message):
    ones = np.ones((2, 256), dtype=np.int64)
    with pytest.raises(ResultError, match=message):
        counts_at(ones, ones, cuts, ok)


def test_counts_are_columns_of_a_table_and_back():
    counts = Counts(*np.arange(12).reshape(4, 3))
    table = pd.DataFrame({"image": ["a", "b", "c"]}).assign(**counts.columns())
    assert list(table.columns) == ["image", *COUNTS]
    assert np.array_equal(astuple(Counts.of_table(table)), astuple(counts))
    assert astuple(Counts.of_table(table.iloc[1])) == (1, 4, 7, 10)
