"""Numbers as all reports write them."""

import math

import pytest

from reports.formatting import UNDEFINED, bracketed, number, percent, points


@pytest.mark.parametrize("write", [percent, lambda value: number(value, 2), lambda value: percent(value, spread=0.1)])
def test_what_is_undefined_is_a_dash(write):
    assert write(math.nan) == UNDEFINED == "–"


def test_an_unknown_number_is_a_dash_and_zero_is_not():
    assert number(None, 1) == UNDEFINED
    assert number(0.0, 1) == "0.0"


@pytest.mark.parametrize(
    ("value", "text"), [(0.00004, "+0.00"), (-0.00004, "+0.00"), (-0.00006, "-0.01"), (1, "+100.00")]
)
def test_a_difference_has_a_sign_unless_it_rounds_to_zero(value, text):
    assert points(value) == text


@pytest.mark.parametrize("interval", [None, (math.nan, math.nan)])
def test_where_there_is_no_interval_there_are_no_brackets(interval):
    assert bracketed(interval) == ""
