"""A run on disk: what is written is read back, and a run that was cut off goes on."""

import json
import math
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import results
from results.errors import ResultError
from results.store import run_store
from results.store.cells import Cell
from results.store.run_store import RunStore
from results.store.upgrades import SCHEMA_VERSION
from tests.helpers.small_runs import cell, cells, manifest, store

ROOT = Path(results.__file__).parents[1]
FULL = cell(
    "kos01/Part5", "ra-cam@50", defect={0: 3, 255: 4}, other={7: 2_000_000_000},
    fold=4, seed=2, split="val", name="hires-cam", layers="stages", fuse="sum",
    rules=[{"rule": "fgbp", "delta": 50.0}, {"rule": "lt", "delta": 12.5}], options='{"weight": "masked"}',
    wrapper="sess", chance=True, status="failed", reason="RuntimeError: µ, ',' and\na new line", deviation=0.125,
    minimum=math.nan, maximum=1.5, layer_names=["features.3", "features.8"], shares=[0.25, 0.75],
)  # fmt: skip


def assert_same(read, number, expected):
    row = read.frame.iloc[number]
    for field in fields(Cell):
        value = getattr(expected, field.name)
        if field.name in ("defect", "other"):
            assert np.array_equal(getattr(read, field.name)[number], value), field.name
        elif isinstance(value, list):
            assert list(row[field.name]) == value, field.name
        elif isinstance(value, float) and math.isnan(value):
            assert math.isnan(row[field.name]), field.name
        else:
            assert row[field.name] == value, field.name


def test_every_field_of_a_cell_is_read_back(tmp_path):
    read = cells(tmp_path, [FULL, cell()])
    assert len(read.frame) == 2
    assert_same(read, 0, FULL)
    assert_same(read, 1, cell())
    assert read.defect.dtype == read.other.dtype == np.int64
    assert read.defect.shape == (2, 256)


texts = st.text(st.characters(codec="utf-8"), max_size=8)
any_cell = st.builds(
    cell,
    image=texts.map("i/{}".format),
    spec=texts,
    defect=st.dictionaries(st.integers(0, 255), st.integers(0, 2**31 - 1), max_size=4),
    other=st.dictionaries(st.integers(0, 255), st.integers(0, 2**31 - 1), min_size=1, max_size=4),
    reason=texts,
    minimum=st.floats(width=32, allow_infinity=True),
    maximum=st.floats(width=32),
    rules=st.lists(st.fixed_dictionaries({"rule": texts, "delta": st.floats(0, 100)}), max_size=3),
    layer_names=st.lists(texts, max_size=3),
    shares=st.lists(st.floats(0, 1, width=32), max_size=3),
)


@settings(deadline=None, max_examples=15)
@given(st.lists(any_cell, min_size=1, max_size=3, unique_by=lambda one: (one.image, one.spec)))
def test_any_cell_is_read_back(tmp_path_factory, drawn):
    read = cells(tmp_path_factory.mktemp("run"), drawn)
    assert len(read.frame) == len(drawn)
    for number, one in enumerate(drawn):
        assert_same(read, number, one)


def test_appending_in_two_sessions_equals_one(tmp_path):
    parts = [[cell("a/0"), cell("a/1")], [cell("b/0", defect={3: 1})], [FULL]]
    once = cells(tmp_path / "once", *parts)
    store(tmp_path / "twice", *parts[:1])
    twice = cells(tmp_path / "twice", *parts[1:])
    assert twice.frame.equals(once.frame)
    assert np.array_equal(twice.defect, once.defect)
    assert np.array_equal(twice.other, once.other)


def test_a_later_cell_takes_the_place_of_an_earlier_one_of_its_identity(tmp_path):
    before = cell("a/0", status="failed", reason="out of memory", defect={0: 5})
    after = cell("a/0", defect={200: 5})
    read = cells(tmp_path, [before, cell("a/1")], [after])
    assert sorted(read.frame["image"]) == ["a/0", "a/1"]
    assert_same(read, int(np.flatnonzero(read.frame["image"] == "a/0")[0]), after)


def test_a_later_cell_stands_where_the_first_one_stood(tmp_path):
    # Rows of a table follow the order of cells: a retry must not move a method to the end.
    failed = cell("a/0", "grad-cam", status="failed", reason="out of memory")
    read = cells(tmp_path, [failed, cell("a/0", "layer-cam")], [cell("a/0", "grad-cam")])
    assert read.frame["spec"].tolist() == ["grad-cam", "layer-cam"]


@pytest.mark.parametrize(
    ("field", "value"), [("fold", 1), ("seed", 1), ("split", "val"), ("image", "b/0"), ("spec", "cam")]
)
def test_a_cell_of_another_identity_is_kept_beside(tmp_path, field, value):
    assert len(cells(tmp_path, [cell()], [replace(cell(), **{field: value})]).frame) == 2


def test_all_but_failed_cells_are_finished(tmp_path):
    statuses = ["ok", "constant", "not finite", "not applicable", "failed"]
    run = store(tmp_path, [cell(f"a/{number}", status=status) for number, status in enumerate(statuses)])
    assert set(run.finished()) == {(0, 0, "test", f"a/{number}", "grad-cam") for number in range(4)}


def test_a_failed_cell_is_finished_once_its_retry_is(tmp_path):
    run = store(tmp_path, [cell(status="failed")])
    assert set(run.finished()) == set()
    run.append([cell()])
    assert set(run.finished()) == {(0, 0, "test", "a/0", "grad-cam")}


def test_a_run_without_cells_has_finished_nothing_and_has_no_results(tmp_path):
    run = store(tmp_path, [])
    assert set(run.finished()) == set()
    with pytest.raises(ResultError, match="holds no results yet"):
        run.cells()


def test_a_part_that_was_cut_off_harms_nothing(tmp_path):
    run = store(tmp_path, [cell("a/0")])
    for name in ("000000.part", "000001.part"):
        (tmp_path / "cells" / name).write_bytes(b"PAR1 half a fi")
    again = RunStore(tmp_path)
    again.begin(manifest())
    again.append([cell("a/1")])
    assert run.cells().frame["image"].tolist() == ["a/0", "a/1"]
    assert len(again.finished()) == 2


def test_nothing_is_left_under_a_temporary_name(tmp_path):
    store(tmp_path, [cell()], [cell("a/1")])
    files = [path.name for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert [re.sub(r"-[0-9a-f]{24}", "", name) for name in files] == [
        "000000.parquet", "000001.parquet", "manifest.json",
    ]  # fmt: skip


def images(folder):
    return RunStore(folder).cells().frame["image"].tolist()


def test_parts_of_older_releases_come_before_new_ones(tmp_path):
    store(tmp_path, [cell("a/0")], [cell("a/1", status="failed")])
    for number, part in enumerate(sorted((tmp_path / "cells").iterdir())):
        part.rename(part.with_name(f"{number:06}.parquet"))  # as they were named up to schema 2
    run = store(tmp_path, [cell("a/2")], [cell("a/1")])
    assert images(tmp_path) == ["a/0", "a/1", "a/2"]
    assert len(run.finished()) == 3


def test_parts_are_in_the_order_of_their_numbers_however_many_there_are(tmp_path):
    store(tmp_path, [cell("a/0")])
    (part,) = (tmp_path / "cells").iterdir()
    part.rename(part.with_name("999999.parquet"))
    for number in range(1, 4):
        store(tmp_path, [cell(f"a/{number}")])
    assert images(tmp_path) == ["a/0", "a/1", "a/2", "a/3"]


def test_a_clock_that_is_set_back_changes_no_order(tmp_path, monkeypatch):
    run = store(tmp_path, [cell(status="failed")])
    monkeypatch.setattr("results.store.atomic.time.time_ns", lambda: 0)
    run.append([cell()])
    assert run.cells().frame["status"].tolist() == ["ok"]


WRITER = """
import sys, time
from pathlib import Path
from results.store.run_store import RunStore
from tests.helpers.small_runs import cell, manifest

folder, name = Path(sys.argv[1]), sys.argv[2]
(folder / f"{name} is there").touch()
while len(list(folder.glob("* is there"))) < 2:
    time.sleep(0.001)
run = RunStore(folder / "run")
run.begin(manifest())
for number in range(40):
    run.append([cell(f"{name}/{number}"), cell(f"both/{number}", reason=name)])
"""


def test_two_processes_that_write_at_once_lose_nothing(tmp_path):
    names = ("one", "two")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, name], cwd=ROOT) for name in names]
    assert [writer.wait() for writer in writers] == [0, 0]
    frame = RunStore(tmp_path / "run").cells().frame
    assert sorted(frame["image"]) == sorted(f"{name}/{number}" for name in (*names, "both") for number in range(40))
    assert frame.equals(RunStore(tmp_path / "run").cells().frame)
    assert len(list((tmp_path / "run" / "cells").iterdir())) == 80


def test_the_manifest_is_read_back_with_its_schema(tmp_path):
    assert store(tmp_path).manifest() == manifest()
    assert json.loads((tmp_path / "manifest.json").read_text())["schema_version"] == SCHEMA_VERSION


def test_a_run_goes_on_with_its_first_manifest(tmp_path):
    store(tmp_path, device="cpu")
    assert store(tmp_path, device="cuda").manifest().device == "cpu"


def test_another_run_is_refused_and_the_fields_that_differ_are_named(tmp_path):
    store(tmp_path)
    with pytest.raises(ResultError, match="another size and seeds; name another folder with --out"):
        store(tmp_path, size=[64, 64], seeds=3)
    assert RunStore(tmp_path).manifest().seeds == 1


def test_a_newer_schema_is_refused(tmp_path):
    run, newer = store(tmp_path, [cell()]), SCHEMA_VERSION + 1
    (tmp_path / "manifest.json").write_text(manifest(schema_version=newer).model_dump_json())
    for read in (run.manifest, run.cells, lambda: run.begin(manifest())):
        with pytest.raises(
            ResultError, match=f"has schema {newer}, this release reads up to {SCHEMA_VERSION}: upgrade"
        ):
            read()


def test_a_part_of_a_newer_schema_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(run_store, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    run = store(tmp_path, [cell()])
    monkeypatch.undo()
    (tmp_path / "manifest.json").write_text(manifest().model_dump_json())
    with pytest.raises(ResultError, match="upgrade cam-bench"):
        run.cells()


def test_a_damaged_manifest_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"dataset": "synthetic", "schema_version": SCHEMA_VERSION}))
    with pytest.raises(ResultError, match=r"(?s)manifest\.json is not the manifest of a run.*seeds"):
        RunStore(tmp_path).manifest()


def test_a_folder_without_a_run_says_so(tmp_path):
    with pytest.raises(ResultError, match=r"holds no run: there is no manifest\.json"):
        RunStore(tmp_path).manifest()


def test_cells_are_chosen_with_their_histograms(tmp_path):
    read = cells(tmp_path, [cell("a/0", defect={1: 1}), cell("a/1", defect={2: 2}), cell("a/2", defect={3: 3})])
    chosen = read.where(read.frame["image"] != "a/1")
    assert chosen.frame["image"].tolist() == ["a/0", "a/2"]
    assert chosen.frame.index.tolist() == [0, 1]
    assert chosen.defect[:, 1:4].tolist() == [[1, 0, 0], [0, 0, 3]]
