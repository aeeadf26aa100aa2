"""The fingerprint of the code: what can change a number counts, wherever it lies, and nothing else does."""

import re

import pytest

from bench import code_fingerprint as fingerprints
from bench.code_fingerprint import code_fingerprint, computing_modules
from bench.provenance import ROOT

CODE = {
    "bench/__init__.py": '"""Bench."""\n\n__version__ = "0.1.0"\n',
    "bench/runs/__init__.py": '"""Runs."""\n',
    "bench/runs/runner.py": (
        "from typing import TYPE_CHECKING\n"
        "import methods\nfrom bench.network.layers import width\nfrom results.levels import LEVELS\n"
        "if TYPE_CHECKING:\n    from bench.commands.run import Options\n\n"
        'def run() -> int:\n    """Run."""\n    return width() * LEVELS\n'
    ),
    "bench/network/__init__.py": "",
    "bench/network/layers.py": "def width():\n    from bench.network.deep import DEPTH\n    return DEPTH\n",
    "bench/network/deep.py": "DEPTH = 3\n",
    "bench/commands/run.py": "class Options:\n    pass\n",
    "methods/__init__.py": "from . import catalogue\n",
    "methods/catalogue/__init__.py": (
        "from importlib import import_module\nfrom pkgutil import iter_modules\n"
        'for one in iter_modules(__path__):\n    import_module(f"{__name__}.{one.name}")\n'
    ),
    "methods/catalogue/gradient.py": "from ..helpers import half\n",
    "methods/catalogue/deep/__init__.py": "from .one import ONE\n",
    "methods/catalogue/deep/one.py": "ONE = 1\n",
    "methods/helpers.py": "def half(x):\n    return x / 2\n",
    "results/levels.py": "LEVELS = 256\n",
    "results/scores.py": "from results.levels import LEVELS\n",
    "reports/table.py": "from results.levels import LEVELS\n",
}
NOT_COMPUTING = {"bench/commands/run.py", "results/scores.py", "reports/table.py"}
COMPUTING = sorted(CODE.keys() - NOT_COMPUTING)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small suite, whose files are changed by `change(name, old, new)`."""
    for name, text in CODE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path)
    return tmp_path


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("name", COMPUTING)
def test_what_cells_are_computed_by_counts_in_whatever_folder_it_lies(checkout, name):
    before = code_fingerprint()
    with (checkout / name).open("a") as file:
        file.write("more = 1\n")
    assert code_fingerprint() != before
    assert re.fullmatch("[0-9a-f]{16}", before)


@pytest.mark.parametrize("name", sorted(NOT_COMPUTING))
def test_reports_and_commands_do_not_count(checkout, name):
    before = code_fingerprint()
    with (checkout / name).open("a") as file:
        file.write("more = 1\n")
    assert code_fingerprint() == before


@pytest.mark.parametrize("name", COMPUTING)
def test_comments_and_docstrings_do_not_count(checkout, name):
    before = code_fingerprint()
    path = checkout / name
    path.write_text("# A comment.\n" + re.sub('""".*?"""', '"""Other words."""', path.read_text()) + "\n\n")
    assert code_fingerprint() == before


def test_docstrings_of_functions_classes_and_constants_do_not_count(checkout):
    path = checkout / "bench/network/deep.py"
    found = set()
    for text in ('"""', '"""Other '):
        path.write_text(
            f'DEPTH = 3\n{text}Of the network."""\nclass A:\n    {text}Of a class."""\n    b = 1\n    {text}Of b."""\n'
        )
        found.add(code_fingerprint())
    assert len(found) == 1


def test_a_text_that_is_used_counts(checkout):
    before = code_fingerprint()
    change(checkout / "bench/network/deep.py", "3", '"""3"""')
    assert code_fingerprint() != before


def test_the_number_of_a_release_does_not_count(checkout):
    before = code_fingerprint()
    change(checkout / "bench/__init__.py", "0.1.0", "0.2.0")
    assert code_fingerprint() == before


def test_what_is_imported_for_types_alone_does_not_count(checkout):
    before = code_fingerprint()
    change(checkout / "bench/runs/runner.py", "import Options", "import Options as Chosen")
    assert code_fingerprint() == before


def test_a_file_that_moved_does_not_count_and_its_code_still_does(checkout):
    before = code_fingerprint()
    (checkout / "methods/rules").mkdir()
    (checkout / "methods/rules/__init__.py").write_text('"""A new room."""\n')
    (checkout / "bench/network/deep.py").rename(checkout / "methods/rules/deep.py")
    change(checkout / "bench/network/layers.py", "bench.network.deep", "methods.rules.deep")
    assert code_fingerprint() == before
    change(checkout / "methods/rules/deep.py", "3", "4")
    assert code_fingerprint() != before


def test_the_order_of_imports_does_not_count_nor_whether_they_are_relative(checkout):
    before = code_fingerprint()
    lines = "import methods\nfrom bench.network.layers import width\nfrom results.levels import LEVELS\n"
    other = "from results.levels import LEVELS\nfrom ..network.layers import width\nimport methods\n"
    change(checkout / "bench/runs/runner.py", lines, other)
    assert code_fingerprint() == before


def test_the_same_name_from_another_module_counts(checkout):
    (checkout / "bench/network/shallow.py").write_text("DEPTH = 2\n")
    change(checkout / "methods/helpers.py", "def half", "from bench.network.shallow import DEPTH\n\ndef half")
    before = code_fingerprint()
    change(checkout / "methods/helpers.py", "network.shallow", "network.deep")
    change(checkout / "bench/network/layers.py", "network.deep", "network.shallow")
    assert code_fingerprint() != before


def test_a_new_file_of_a_catalogue_counts(checkout):
    before = code_fingerprint()
    (checkout / "methods/catalogue/another.py").write_text("TWO = 2\n")
    assert code_fingerprint() != before


def test_a_plugin_counts_with_what_it_imports_and_without_its_comments(checkout, tmp_path):
    plugin = tmp_path / "plugin.py"
    plugin.write_text("from results.scores import LEVELS\n")
    found = [code_fingerprint(), code_fingerprint([plugin])]
    change(checkout / "results/scores.py", "import LEVELS", "import LEVELS as ALL")
    found.append(code_fingerprint([plugin]))
    plugin.write_text("from results.scores import LEVELS\nONE = 1\n")
    found.append(code_fingerprint([plugin]))
    assert len(set(found)) == 4
    plugin.write_text('"""Mine."""\nfrom results.scores import LEVELS  # all\nONE = 1\n')
    assert code_fingerprint([plugin]) == found[-1]


def test_the_suites_own_code_is_found_and_its_reports_and_commands_are_not():
    found = {path.relative_to(ROOT).as_posix() for path in computing_modules()}
    for package in ("methods/catalogue", "datasets/catalogue", "bench/network"):
        assert {path.relative_to(ROOT).as_posix() for path in (ROOT / package).glob("*.py")} <= found
    assert {
        "bench/attribution/view.py",
        "bench/classifiers/training.py",
        "results/metrics/levels.py",
        "methods/adapters/captum.py",
    } <= found
    assert not [name for name in found if name.startswith(("reports/", "bench/commands/", "results/statistics/"))]
