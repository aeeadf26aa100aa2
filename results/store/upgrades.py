"""Records of earlier releases, brought up to this one's schema.

Schema 1 had no `predicted` and, at first, no `chance`; its first manifests had no `evaluate_at`. Schema 2 told
deviations in the words of `reason` alone, did not tell empty maps from constant ones, and at first called the method
``every-pixel`` ``everything``; its first manifests had no `images`.

A stored record never changes its meaning. A release that changes a default or a name raises `SCHEMA_VERSION`, and the
step that it adds here writes the old default, or the new name, into older records. A field that is only added needs no
step: older records take its default.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from results.status import Status
from results.store.cells import Cell, schema_of

SCHEMA_VERSION = 3
SCHEMA = schema_of(Cell)


def upgrade(table: pa.Table, version: int) -> pa.Table:
    """Return cells that were written under the schema `version` as cells of this schema."""
    for step in range(version, SCHEMA_VERSION):
        table = _CELLS[step](table)
    for field in fields(Cell):
        if field.name not in table.column_names:
            table = _with(table, field.name, [field.default] * len(table))
    return table.select(SCHEMA.names).cast(SCHEMA)


def upgrade_manifest(manifest: dict[str, Any], version: int) -> dict[str, Any]:
    """Return a manifest that was written under the schema `version` as one of this schema."""
    for step in range(version, SCHEMA_VERSION):
        manifest = _MANIFESTS[step](manifest)
    return manifest | {"schema_version": SCHEMA_VERSION}


def _with(table: pa.Table, name: str, values: pa.ChunkedArray | list[Any]) -> pa.Table:
    """Return `table` with these values in the column `name`, whether it has one or not."""
    others = [column for column in table.column_names if column != name]
    field = SCHEMA.field(name)
    column = values if isinstance(values, pa.ChunkedArray) else pa.array(values, field.type)
    return table.select(others).append_column(field, column)


def _cells_from_1(table: pa.Table) -> pa.Table:
    if "chance" not in table.column_names:
        chance = pc.is_in(table["name"], pa.array(["random", "centre", "everything"]))
        table = _with(table, "chance", chance)
    return _with(table, "predicted", [""] * len(table))


def _cells_from_2(table: pa.Table) -> pa.Table:
    renamed = pc.equal(table["name"], "everything")
    for column in ("name", "spec"):
        new = pc.replace_substring(table[column], "everything", "every-pixel")
        table = _with(table, column, pc.if_else(renamed, new, table[column]))
    flat = pc.equal(table["status"], Status.CONSTANT.value)
    zero = pc.and_(flat, pc.equal(table["maximum"], 0))
    table = _with(table, "status", pc.if_else(zero, Status.EMPTY.value, table["status"]))
    notes = pc.if_else(pc.equal(table["status"], Status.OK.value), table["reason"], "")
    return _with(table, "deviation", [_largest_share(note) for note in notes.to_pylist()])


def _largest_share(note: str) -> float:
    """Return the largest percentage that a note names as a share, NaN if it names none."""
    return max((float(number) / 100 for number in re.findall(r"([0-9.e+]+|inf) %", note)), default=math.nan)


_CELLS: dict[int, Callable[[pa.Table], pa.Table]] = {1: _cells_from_1, 2: _cells_from_2}
_MANIFESTS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda manifest: {"evaluate_at": "input"} | manifest,
    2: lambda manifest: {"images": None} | manifest,
}
