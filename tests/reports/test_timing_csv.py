"""Timings as a table for programs."""

import pytest

from reports.timing_csv import frame
from tests.helpers.timings import MACHINE, TIMINGS


def test_a_row_of_the_csv_says_on_what_it_was_measured():
    table = frame(TIMINGS)
    assert {"spec", "median_seconds", "multiple"} < set(table.columns)
    (first, low) = table[table["spec"] == "grad-cam"].to_dict("records")
    assert first["median_seconds"] == pytest.approx(0.08)
    assert first["multiple"] == pytest.approx(0.8)
    assert first["faster_than_pgc"] == pytest.approx(2.5)
    assert (first["precision"], low["precision"]) == ("fp32", "bf16")
    assert (first["processor"], first["threads"], first["date"]) == ("Some CPU", 2, MACHINE["date"])
    assert low["rank_correlation"] == 0.987
