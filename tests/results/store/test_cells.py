"""Cells: their columns follow from the record."""

import math
from dataclasses import dataclass, fields

import pyarrow as pa
import pytest

from bench.own import datasets
from results.store.cells import GOOD, Cell, Float32, Histogram, Rule, schema_of
from results.store.upgrades import SCHEMA
from tests.helpers.small_runs import cell, cells


def test_every_field_of_a_cell_is_a_column_in_the_same_order():
    assert SCHEMA.names == [field.name for field in fields(Cell)]


def test_each_annotation_has_its_arrow_type():
    @dataclass
    class Record:
        number: int
        share: float
        small: Float32
        words: list[str]
        rules: list[Rule]
        counts: Histogram
        yes: bool

    found = {field.name: str(field.type) for field in schema_of(Record)}
    assert found == {
        "number": "int32",
        "share": "double",
        "small": "float",
        "words": "list<item: string>",
        "rules": "list<item: struct<rule: string, delta: double>>",
        "counts": "fixed_size_list<item: int32>[256]",
        "yes": "bool",
    }


def test_the_columns_of_runs_that_were_kept_have_kept_their_types():
    expected = {
        "seed": pa.int32(), "image": pa.string(), "chance": pa.bool_(), "minimum": pa.float32(),
        "shares": pa.list_(pa.float32()), "defect": pa.list_(pa.int32(), 256),
    }  # fmt: skip
    assert {name: SCHEMA.field(name).type for name in expected} == expected


def test_results_and_datasets_call_images_without_a_defect_by_the_same_name():
    assert GOOD == datasets.GOOD


@pytest.mark.parametrize("deviation", [0.25, math.inf])
def test_a_deviation_is_a_number(tmp_path, deviation):
    frame = cells(tmp_path, [cell(deviation=deviation), cell("a/1")]).frame
    assert frame["deviation"][0] == deviation
    assert math.isnan(frame["deviation"][1])
