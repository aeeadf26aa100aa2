"""Cells and manifests of older schemas, as those of this one."""

import math

import numpy as np
import pyarrow as pa
import pytest

from results.store.cells import Cell
from results.store.upgrades import SCHEMA, SCHEMA_VERSION, upgrade, upgrade_manifest
from tests.helpers.small_runs import cell

LATER = {1: ["predicted", "chance", "deviation"], 2: ["deviation"], 3: []}
"""The columns that each schema did not have."""


def stored(version, **fields):
    """Return a table with one cell as the schema `version` had it."""
    row = cell(defect={9: 4}, **fields).__dict__
    rows = [row | {side: row[side].tolist() for side in ("defect", "other")}]
    return pa.Table.from_pylist(rows, SCHEMA).drop_columns(LATER[version])


def upgraded(version, **fields):
    (row,) = upgrade(stored(version, **fields), version).to_pylist()
    return row


@pytest.mark.parametrize("version", LATER)
def test_every_older_schema_becomes_this_one(version):
    table = upgrade(stored(version), version)
    assert table.schema == SCHEMA
    assert np.array_equal(table["defect"].to_pylist()[0], cell(defect={9: 4}).defect)


@pytest.mark.parametrize("version", [1, 2])
def test_a_constant_map_of_zeros_is_an_empty_one(version):
    assert upgraded(version, status="constant", maximum=0.0)["status"] == "empty"
    assert upgraded(version, status="constant", maximum=3.0)["status"] == "constant"
    assert upgraded(version, status="ok", maximum=0.0)["status"] == "ok"


def test_every_schema_is_tested():
    assert list(LATER) == list(range(1, SCHEMA_VERSION + 1))


@pytest.mark.parametrize(("name", "chance"), [("random", True), ("centre", True), ("grad-cam", False)])
def test_cells_without_a_column_of_chance_have_it_by_the_names_of_their_time(name, chance):
    assert upgraded(1, spec=name)["chance"] is chance


def test_a_column_of_chance_that_is_there_is_kept():
    table = stored(1, spec="mine").append_column("chance", pa.array([True]))
    assert upgrade(table, 1)["chance"].to_pylist() == [True]


def test_the_predicted_class_of_the_first_schema_is_unknown():
    assert upgraded(1)["predicted"] == ""


@pytest.mark.parametrize("version", [1, 2])
def test_a_method_that_was_renamed_has_its_name_of_today(version):
    row = upgraded(version, spec="sess:everything", name="everything", wrapper="sess")
    assert (row["name"], row["spec"]) == ("every-pixel", "sess:every-pixel")
    assert upgraded(version, spec="everything-else")["spec"] == "everything-else"


@pytest.mark.parametrize(
    ("note", "share"),
    [
        ("not exact here, off by 9 %", 0.09),
        ("off by 0.5 %; in a variant: off by 1e+02 %", 1.0),
        ("off by inf %", math.inf),
        ("the second choice", math.nan),
        ("", math.nan),
    ],
)
def test_a_deviation_that_was_told_in_words_becomes_a_number(note, share):
    assert upgraded(2, reason=note)["deviation"] == pytest.approx(share, nan_ok=True)


def test_a_percentage_in_the_reason_of_a_failure_is_no_deviation():
    assert math.isnan(upgraded(2, status="failed", reason="500 % of the memory")["deviation"])


def test_a_field_that_is_only_added_has_its_default_in_older_cells(monkeypatch):
    table = upgrade(stored(SCHEMA_VERSION).drop_columns(["deviation"]), SCHEMA_VERSION)
    assert math.isnan(table["deviation"].to_pylist()[0])
    assert math.isnan(Cell.deviation)


def test_older_manifests_have_what_was_meant_where_they_say_nothing():
    assert upgrade_manifest({"dataset": "ksdd"}, 1) == {
        "dataset": "ksdd", "evaluate_at": "input", "images": None, "schema_version": SCHEMA_VERSION,
    }  # fmt: skip
    assert upgrade_manifest({"evaluate_at": "original", "images": ["a"]}, 1)["evaluate_at"] == "original"
    assert upgrade_manifest({"images": ["a"]}, 2)["images"] == ["a"]
