"""Methods and datasets from files and from installed packages."""

import sys

import pytest
import torch

from bench import explain
from bench.errors import BenchError
from bench.plugins import load_new, load_plugins
from datasets import DATASETS, get_dataset
from datasets.fake_files import write_good
from methods import METHODS, parse
from tests.helpers.command_line import python
from tests.helpers.small_networks import chain, pictures

EXAMPLE = """
from methods import gradient_method


@gradient_method("square-cam", layers="stages", paper="none")
def square_cam(activation, gradient, *, power: float = 2.0):
    return (gradient.relu() ** power * activation).sum(1).relu()
"""


DATASET = """
from bench.own import datasets

GOOD = datasets.GOOD


@datasets.dataset("bottles", size=(64, 64), licence="MIT", citation="none", url="none")
def bottles(root):
    images = sorted(root.glob("*.png"))
    return datasets.sample_table(
        [
            {"id": one.stem, "group": one.stem, "split": "", "label": GOOD, "image_path": str(one), "mask_path": ""}
            for one in images
        ],
        root,
    )
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a distribution of one module, as package managers do: with metadata and entry points beside it."""

    def write(module, text, group):
        (tmp_path / f"{module}.py").write_text(text)
        metadata = tmp_path / f"{module}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{group}]\nmine = {module}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    before = set(sys.modules)
    yield write
    for module in set(sys.modules) - before:  # of one name in several tests
        if module.startswith("installed_"):
            del sys.modules[module]


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


def test_a_file_may_register_methods_and_datasets(file, tmp_path):
    load_plugins([file(EXAMPLE + DATASET)])
    assert "square-cam" in METHODS
    (tmp_path / "a.png").touch()
    assert get_dataset("bottles").samples(tmp_path)["id"].tolist() == ["a"]


def test_a_file_that_was_changed_takes_the_place_of_what_it_was(file):
    load_plugins([file(EXAMPLE)])
    load_plugins([file(EXAMPLE.replace("square-cam", "cube-cam").replace("2.0", "3.0"))])
    assert "square-cam" not in METHODS
    assert METHODS["cube-cam"].options == {"power": 3.0}
    assert load_new(file(EXAMPLE)) == ["square-cam"]


def test_a_file_that_replaced_a_method_gives_it_back_before_it_is_loaded_anew(file):
    replacing = 'from methods import METHODS\ndel METHODS["layer-cam"]\n' + EXAMPLE.replace("square-cam", "layer-cam")
    before = METHODS["layer-cam"]
    load_plugins([file(replacing)])
    replaced = METHODS["layer-cam"]
    load_plugins([file(replacing)])
    assert METHODS["layer-cam"] is replaced is not before
    load_plugins([file(EXAMPLE)])
    assert METHODS["layer-cam"] is before
    assert "square-cam" in METHODS


def test_no_file_is_no_plugin():
    load_plugins([])
    before = list(METHODS), list(DATASETS)
    load_plugins([])
    assert (list(METHODS), list(DATASETS)) == before


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
        (DATASET.replace("bottles", "ksdd"), "DatasetError: there is a dataset called 'ksdd' already"),
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


def test_methods_of_installed_packages_are_found_by_their_entry_points(install):
    install("installed_methods", EXAMPLE, "cam_bench.methods")
    load_plugins([])
    assert "square-cam" in METHODS


def test_datasets_of_installed_packages_are_found_by_their_entry_points(install):
    install("installed_datasets", DATASET, "cam_bench.datasets")
    load_plugins([])
    assert get_dataset("bottles").size == (64, 64)


def test_entry_points_of_other_groups_are_not_loaded(install):
    install("installed_elsewhere", "1 / 0", "somebody.elses")
    load_plugins([])
    assert "installed_elsewhere" not in sys.modules


@pytest.mark.parametrize("group", ["cam_bench.methods", "cam_bench.datasets"])
def test_an_installed_package_that_fails_is_named(install, group):
    install("installed_broken", "import nowhere_to_be_found", group)
    with pytest.raises(BenchError, match=r"plug-in mine \(installed_broken\) fails: ModuleNotFoundError"):
        load_plugins([])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("list", "methods"), "square-cam"),
        (("list", "datasets"), "bottles"),
        (("verify", "bottles", "--data-root", "images"), "3 items cannot be dealt to 5 folds"),
        (("train", "--dataset", "bottles", "--data-root", "images"), "3 items cannot be dealt to 5 folds"),
    ],
)
def test_every_command_sees_what_installed_packages_bring(install, tmp_path, arguments, told):
    install("installed_methods", EXAMPLE, "cam_bench.methods")
    install("installed_datasets", DATASET, "cam_bench.datasets")
    for number in range(3):
        write_good(tmp_path / "images" / f"good-{number}.png")
    done = python(tmp_path, "-m", "bench", *arguments, first=[tmp_path])
    assert told in done.stdout + done.stderr
