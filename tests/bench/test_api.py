"""Whole runs from Python: the same as on the command line, and nothing on the terminal."""

import inspect
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import bench
from bench.errors import BenchError
from bench.runs.settings import RunSettings
from datasets import DatasetError
from methods import MethodError
from results.errors import ResultError
from results.store.run_store import RunStore
from tests.helpers.command_line import call, working_in
from tests.helpers.plain_registries import restored
from tests.helpers.tiny_set import TINY, register_tiny

PLUGIN = """
from methods import gradient_method

@gradient_method("absolute-cam", layers="stages", paper="none: a test")
def absolute_cam(activation, gradient):
    return (gradient.abs() * activation.abs()).sum(1)
"""
SMALL = {"dataset": TINY, "recipe": {"epochs": 1, "batch": 8}, "device": "cpu"}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workplace")
    with working_in(folder), restored(), pytest.MonkeyPatch.context() as patch:
        register_tiny(patch)
        (folder / "absolute_cam.py").write_text(PLUGIN)
        yield folder


@pytest.fixture(scope="module")
def steps():
    return []


@pytest.fixture(scope="module")
def result(workplace, steps):
    return bench.run(
        **SMALL,
        methods=["absolute-cam", "cam", "ra-cam", "random"],
        plugin="absolute_cam.py",
        gallery=2,
        progress=lambda *step: steps.append(step),
    )


def test_the_table_holds_every_metric_of_every_method_between_0_and_1(result):
    table = result.table()
    assert table.index.tolist() == ["absolute-cam", "cam", "ra-cam@50", "random"]
    assert not table.loc["cam", "applicable"]
    numbers = table.drop(index="cam")[["iou", "precision", "recall", "f1", "false_positive_area", "pixel_ap"]]
    assert numbers.notna().all(axis=None)
    assert numbers.stack().between(0, 1).all()
    assert table.loc["random", "chance"]


def test_methods_are_compared_with_a_reference_of_the_run(result):
    rows = result.compare(reference="ra-cam")
    assert rows.index.tolist() == ["absolute-cam", "random"]
    assert set(rows["reference"]) == {"ra-cam@50"}
    assert np.allclose(rows["difference"], rows["iou"] - rows["reference_iou"])
    assert (rows["low"] <= rows["difference"]).all()
    assert (rows["difference"] <= rows["high"]).all()
    assert set(rows["verdict"]) <= {"better", "equal", "undecided", "worse"}
    assert rows.loc["absolute-cam", "iou"] == pytest.approx(result.table().loc["absolute-cam", "iou"])
    with pytest.raises(ResultError, match="has no layer-cam"):
        result.compare("layer-cam")


def test_the_report_is_a_page_beside_a_table_and_an_overview(result, workplace):
    page = result.report()
    assert page == result.folder / "report" / "index.html"
    assert "<code>absolute-cam</code>" in page.read_text()
    assert "| `absolute-cam` |" in (result.folder / "table.md").read_text()
    assert (result.folder / "overview.png").stat().st_size > 5_000


def test_progress_is_told_to_the_end(result, steps):
    assert list(dict.fromkeys(what for what, _, _ in steps)) == ["training vgg-small, seed 0", "heatmaps"]
    assert steps[-1] == ("heatmaps", 8, 8)


def test_a_run_is_that_of_the_command_line_and_says_nothing(result, workplace, capfd):
    before = sorted(path.stat().st_mtime_ns for path in (result.folder / "cells").iterdir())
    methods = "absolute-cam,cam,ra-cam,random"
    options = ("--dataset", TINY, "--recipe", "epochs=1,batch=8", "--device", "cpu", "--gallery", 2)
    told = json.loads(call("run", *options, "--methods", methods, "--plugin", "absolute_cam.py", "--json").stdout)
    assert told == json.loads(json.dumps(result.as_json()))
    capfd.readouterr()
    again = bench.run(**SMALL, methods=methods, plugin="absolute_cam.py", gallery=2)
    assert again.folder == result.folder
    assert sorted(path.stat().st_mtime_ns for path in (result.folder / "cells").iterdir()) == before
    pd.testing.assert_frame_equal(again.table(), result.table())
    assert capfd.readouterr() == ("", "")


def test_only_the_methods_asked_for_are_shown_of_a_run_that_has_more(result, workplace):
    fewer = bench.run(**SMALL, methods="random,ra-cam", plugin="absolute_cam.py", gallery=2)
    assert fewer.folder == result.folder
    assert fewer.table().index.tolist() == ["random", "ra-cam@50"]
    assert fewer.compare().index.tolist() == ["random"]
    alone = bench.run(**SMALL, methods="ra-cam", plugin="absolute_cam.py", gallery=2)
    with pytest.raises(BenchError, match="no method that could be compared with ra-cam@50"):
        alone.compare()


def test_several_seeds_have_a_spread(workplace):
    table = bench.run(**SMALL, methods="layer-cam", seeds=2).table()
    assert table.loc["layer-cam", "spread_iou"] >= 0


def test_settings_have_the_names_and_the_defaults_of_the_command_line():
    parameters = inspect.signature(bench.run).parameters
    assert list(parameters) == [*RunSettings.model_fields, "progress"]
    assert {name: one.default for name, one in parameters.items() if name != "progress"} == {
        name: field.default for name, field in RunSettings.model_fields.items()
    }


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"metods": "paper"}, BenchError, "no setting 'metods'; did you mean methods"),
        ({"methods": "gradcam"}, MethodError, "did you mean grad-cam"),
        ({"methods": ""}, BenchError, "no methods are named"),
        ({"dataset": "kssd"}, DatasetError, "did you mean ksdd"),
        ({"dataset": "ksdd", "data_root": "nowhere"}, DatasetError, "nowhere"),
        ({"size": (8, 8)}, BenchError, "size 8x8: write HEIGHTxWIDTH"),
        ({"folds": -1}, BenchError, "folds -1"),
        ({"head": "none"}, BenchError, "head 'none': .*'fc' or 'gap'"),
        ({"recipe": {"epoch": 3}}, BenchError, "recipe epoch=3: epoch"),
        ({"threshold": "otzu"}, ResultError, "otsu"),
        ({"target": "best"}, BenchError, "no target 'best'"),
        ({"device": "tpu9"}, BenchError, "device tpu9: torch cannot compute there"),
        ({"plugin": "none.py"}, BenchError, "no plug-in file none.py"),
        ({"image": "nothing"}, BenchError, "no image 'nothing'"),
        ({"gallery_ids": ["nothing"]}, BenchError, "no image 'nothing' is looked at"),
    ],
)
def test_a_mistake_raises_an_error_of_the_suite(workplace, settings, error, words):
    with pytest.raises(error, match=words):
        bench.run(**SMALL | {"methods": "grad-cam"} | settings)


def test_cells_of_a_run_are_there_for_whatever_else_is_asked(result):
    assert set(RunStore(result.folder).cells().frame["spec"]) >= {"absolute-cam", "ra-cam@50"}


def test_importing_the_suite_imports_nothing_heavy():
    code = "import sys, bench; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"'torch'", "'pandas'", "'matplotlib'", "'pydantic'", "'typer'", "'rich'"} & set(
        loaded[1:-2].split(", ")
    )


def test_what_the_suite_does_not_have_is_an_ordinary_mistake():
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        bench.walk  # noqa: B018
