"""The short form of threshold policies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.errors import ResultError
from results.metrics.thresholds import ThresholdPolicy, parse_policy

POLICIES = ["otsu", "fixed:0.5", "percentile:95", "oracle", "tuned"]


@settings(deadline=None)
@given(
    st.sampled_from(["otsu", "oracle", "tuned"]).map(ThresholdPolicy)
    | st.floats(0, 1, exclude_min=True).map(lambda value: ThresholdPolicy("fixed", value))
    | st.floats(0, 100, exclude_min=True, exclude_max=True).map(lambda q: ThresholdPolicy("percentile", q))
)
def test_the_text_of_a_policy_reads_back(policy):
    assert parse_policy(str(policy)) == policy


@pytest.mark.parametrize("text", POLICIES)
def test_the_text_of_a_policy_is_the_short_one(text):
    assert str(parse_policy(text)) == text


def test_supervision_of_each_policy():
    assert [parse_policy(text).supervision for text in POLICIES] == [
        "none", "none", "none", "masks of test", "masks of validation",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("otzu", "otsu, fixed:V.*percentile:Q.*oracle, tuned"),
        ("", "otsu, fixed:V.*percentile:Q.*oracle, tuned"),
        ("fixed", "choose from"),
        ("percentile", "choose from"),
        ("otsu:3", "choose from"),
        ("fixed:", "not a number"),
        ("fixed:half", "'half'.*not a number"),
        ("fixed:0", "above 0 and at most 1"),
        ("fixed:-0.1", "above 0 and at most 1"),
        ("fixed:1.1", "above 0 and at most 1"),
        ("fixed:nan", "above 0 and at most 1"),
        ("percentile:0", "between 0 and 100"),
        ("percentile:100", "between 0 and 100"),
        ("percentile:inf", "between 0 and 100"),
        ("percentile:nan", "between 0 and 100"),
    ],
)
def test_a_wrong_policy_names_the_choices_or_the_range(text, message):
    with pytest.raises(ResultError, match=message):
        parse_policy(text)
