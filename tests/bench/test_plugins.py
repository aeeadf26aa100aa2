"""Methods from files and from installed packages."""

from importlib.metadata import EntryPoint

import pytest
import torch

import bench.plugins
from bench import explain
from bench.errors import BenchError
from bench.plugins import GROUP, load_plugins
from methods import METHODS, parse
from tests.helpers.small_networks import chain, pictures

EXAMPLE = """
from methods import gradient_method


@gradient_method("square-cam", layers="stages", paper="none")
def square_cam(activation, gradient, *, power: float = 2.0):
    return (gradient.relu() ** power * activation).sum(1).relu()
"""


@pytest.fixture(autouse=True)
def no_installed_plugins(monkeypatch):
    monkeypatch.setattr(bench.plugins, "entry_points", lambda group: [])


@pytest.fixture
def file(tmp_path):
    def write(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_file_of_few_lines_is_a_method_with_all_that_methods_have(file):
    load_plugins([file(EXAMPLE)])
    network, images = chain(), pictures()
    texts = ["square-cam", "square-cam/S1-S2=max+fgbp@30+lt@10", "square-cam[power=1]", "layer-cam"]
    found = explain(network, images, texts)
    assert parse("square-cam").layers == "stages"
    assert all(maps.shape == (2, 24, 32) and maps.any() for maps in found.values())
    assert torch.equal(found["square-cam[power=1]"], found["layer-cam"])
    assert not torch.equal(found["square-cam"], found["layer-cam"])


def test_several_files_may_have_one_name(file, tmp_path):
    (tmp_path / "other").mkdir()
    load_plugins([file(EXAMPLE), file(EXAMPLE.replace("square-cam", "other"), "other/mine.py")])
    assert {"square-cam", "other"} <= set(METHODS)


def test_no_file_is_no_plugin():
    before = list(METHODS)
    load_plugins([])
    assert list(METHODS) == before


@pytest.mark.parametrize("name", ["missing.py", "."])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(BenchError, match="there is no plug-in file"):
        load_plugins([tmp_path / name])


def test_what_is_no_python_file_is_named(file):
    with pytest.raises(BenchError, match=r"mine\.txt is not a Python file"):
        load_plugins([file(EXAMPLE, "mine.txt")])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: .*nowhere_to_be_found"),
        ("def broken(:", "SyntaxError: .*line 1"),
        (EXAMPLE.replace("square-cam", "grad-cam"), "MethodError: there is a method called 'grad-cam' already"),
        (EXAMPLE.replace("square-cam", "ra-cam"), "MethodError: there is a method called 'ra-cam' already"),
        (EXAMPLE.replace("square-cam", "square:cam"), "MethodError: a method cannot be called 'square:cam'"),
    ],
)
def test_a_file_that_fails_is_named_with_the_reason(file, text, reason):
    with pytest.raises(BenchError, match=rf"the plug-in .*mine\.py fails: {reason}"):
        load_plugins([file(text)])
    assert METHODS["grad-cam"].paper.startswith("Selvaraju")


def test_a_file_may_define_a_dataclass(file):
    # dataclasses look up their module among the imported ones.
    load_plugins(
        [
            file(
                "from __future__ import annotations\n"
                "from dataclasses import dataclass\n\n\n"
                "@dataclass\n"
                "class ExperimentSettings:\n"
                "    power: float = 2.0\n" + EXAMPLE
            )
        ]
    )
    assert "square-cam" in METHODS


def test_installed_packages_are_loaded_from_their_entry_points(file, monkeypatch):
    monkeypatch.syspath_prepend(str(file(EXAMPLE, "installed_square_cam.py").parent))
    groups = []

    def points(group):
        groups.append(group)
        return [EntryPoint("square", "installed_square_cam", group)]

    monkeypatch.setattr(bench.plugins, "entry_points", points)
    load_plugins([])
    assert groups == [GROUP] == ["cam_bench.methods"]
    assert "square-cam" in METHODS


def test_an_installed_package_that_fails_is_named(monkeypatch):
    monkeypatch.setattr(
        bench.plugins, "entry_points", lambda group: [EntryPoint("square", "nowhere_to_be_found", group)]
    )
    with pytest.raises(BenchError, match=r"plug-in square \(nowhere_to_be_found\) fails: ModuleNotFoundError"):
        load_plugins([])
