"""The tables and texts of the page."""

import pytest

from reports.page.page_data import gather
from reports.page.page_text import columns, facts, rows
from results.metrics.formulas import METRICS
from results.metrics.thresholds import ThresholdPolicy
from tests.helpers.page_runs import make
from tests.helpers.small_runs import manifest

OTSU = ThresholdPolicy("otsu")


@pytest.fixture
def data(tmp_path):
    return gather(make(tmp_path), OTSU)


def test_every_metric_is_a_column_and_those_of_the_table_come_first(data):
    shown = [column.key for column in columns(data) if column.shown]
    assert shown == ["iou", "interval", "precision", "recall", "f1", "false_positive_area", "empty", "failed"]
    assert set(METRICS) < {column.key for column in columns(data)}


def test_a_new_metric_is_a_column_that_can_be_shown(data, specificity):
    # The run was read before the metric was there.
    found = gather(data.folder, OTSU)
    (column,) = [column for column in columns(found) if column.key == "specificity"]
    assert (column.heading, column.shown) == ("Specificity", False)
    assert column.meaning == "Share of the other pixels that are not predicted positive."
    (entry,) = rows(found, [column])[0]["entries"]
    assert float(entry.value) == pytest.approx(float(entry.text) / 100, abs=1e-4)


def test_a_value_that_is_undefined_is_a_dash_that_sorts_last(data):
    precision = [column for column in columns(data) if column.key == "precision"]
    (failed,) = [row for row in rows(data, precision) if row["method"] == "cam"]
    assert [(entry.text, entry.value, entry.best) for entry in failed["entries"]] == [("–", "", False)]


@pytest.mark.parametrize(("dirty", "ending"), [(False, "0123456789"), (True, "0123456789 with changes")])
def test_facts_say_from_which_commit_the_run_was_made(dirty, ending):
    assert dict(facts(manifest(dirty=dirty)))["Commit"] == ending
    assert "Commit" not in dict(facts(manifest(commit="")))
