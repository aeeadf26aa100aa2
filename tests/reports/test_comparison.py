"""Comparisons of methods: tables, and what is said over all settings."""

import pytest

from reports.comparison import Compared, as_json, markdown, over_all
from results.metrics.thresholds import parse_policy
from results.statistics.ranking import against, agreements, compared_settings
from tests.helpers.compared_runs import four_methods, run, two_settings


@pytest.fixture
def found(tmp_path):
    return two_settings(tmp_path)


def compared(found, *, all_pairs=False):
    rows = tuple(tuple(against(one, "b", all_pairs=all_pairs)) for one in found)
    return Compared(tuple(found), rows, tuple(agreements(found)), all_pairs)


def test_every_setting_has_a_table_and_wins_are_counted_over_them(found):
    text = markdown(compared(found))
    assert text.count("| Method | b | IoU |") == 2
    assert "## synthetic, vgg-small fc" in text
    assert "of 2, in which a method is better, equal, undecided, worse: a 0 0 0 2, c 1 0 0 1, random 0 0 0 2." in text
    assert "Agreement of rankings over folds of synthetic, vgg-small fc: Kendall's W = " in text
    assert "Agreement of rankings over datasets of vgg-small fc: Kendall's W = " in text


def test_of_all_pairs_both_names_stand_in_a_row(found):
    text = markdown(compared(found, all_pairs=True))
    assert "| Method | Other | IoU |" in text
    assert "| `a : c` |" in text
    assert "a : random 2 0 0 0" in text


def test_runs_without_a_method_of_chance_are_told_to_add_one(tmp_path):
    runs = [run(tmp_path / "one", [one for one in four_methods() if one.spec != "random"])]
    text = markdown(compared(compared_settings(runs, parse_policy("fixed:0.5"))))
    assert "These runs hold no chance-level method: add --methods random,centre,every-pixel" in text


def test_a_program_gets_rows_and_agreement(found):
    told = as_json(compared(found))
    assert [len(one["rows"]) for one in told["settings"]] == [3, 3]
    assert {one["over"] for one in told["agreement"]} == {"folds", "datasets"}
    assert len(over_all(compared(found))) == 3
