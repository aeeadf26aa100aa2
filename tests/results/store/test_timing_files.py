"""Timings as a file."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from results.errors import ResultError
from results.store.timing_files import read, write
from results.store.timings import growth
from tests.helpers.timings import TIMINGS


def test_what_is_written_is_read_back_with_all_samples(tmp_path):
    # A number that is not known is equal to nothing, not even to itself.
    known = tuple(one for one in TIMINGS.verdicts if not math.isnan(one.number))
    growths = (growth("pixels", "grad-cam", [(1.0, 1.0), (2.0, 2.0)]),)
    timings = replace(TIMINGS, verdicts=known, growths=growths)
    write(timings, tmp_path / "timing.json")
    assert read(tmp_path / "timing.json") == timings


def test_another_schema_and_no_file_are_refused(tmp_path):
    path = tmp_path / "timing.json"
    with pytest.raises(ResultError, match="there are no timings at"):
        read(path)
    path.write_text(json.dumps({"schema_version": 99}))
    with pytest.raises(ResultError, match="has schema 99, this version reads up to 2: upgrade cam-bench"):
        read(path)


KEPT = sorted((Path(__file__).parents[3] / "results" / "baselines" / "timing").glob("*/timing.json"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.parent.name)
def test_reports_of_earlier_schemas_are_read(path):
    found = read(path)
    assert found.timings
    assert all(one.samples or one.reason for one in found.timings)
    assert all(one.cpu_in_bare_passes > 0 for one in found.timings if one.samples)
