"""Imports keep their contract, tests lie where what they test lies, and asking for help imports nothing heavy."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bench

ROOT = Path(bench.__file__).resolve().parents[1]
PACKAGES = ("bench", "datasets", "docs", "methods", "reports", "results")
HEAVY = {"torch", "torchvision", "pandas", "matplotlib", "seaborn", "sklearn", "pyarrow", "captum", "datasets"}
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
TESTS = sorted(path.relative_to(ROOT / "tests").as_posix() for path in (ROOT / "tests").rglob("test_*.py"))
# What mirrors no source file, and why.
OF_THEIR_OWN = {
    "bench/attribution/test_transformers.py": "a kind of network, with methods of every kind",
    "bench/test_added_fields.py": "records of all packages, a release later",
    "benchmarks/test_kernels.py": "timed, never part of the plain run",
    "benchmarks/test_methods.py": "timed, never part of the plain run",
    "datasets/catalogue/test_contract.py": "what every dataset keeps",
    "historic/test_historic.py": "runs of older releases",
    "methods/adapters/test_adapters.py": "what every method of a library keeps",
    "methods/catalogue/test_identities.py": "methods that are the same by construction",
    "methods/catalogue/test_twins.py": "every method against a slow twin of it",
    "reports/page/test_in_chromium.py": "the whole page, in a browser",
    "test_readme.py": "README.md",
    "test_adding.py": "what is added from elsewhere",
    "test_structure.py": "all files",
    "test_wheel.py": "what is installed",
    "test_doctests.py": "the examples in docstrings of all packages",
}
PLANTED = {
    "a package that joins": ("methods/fusing.py", "import bench.errors", "bench joins the others"),
    "a neighbour": ("reports/saving.py", "from methods import parse", "bench joins the others"),
    "a package that knows others": ("datasets/table.py", "import results.errors", "know only themselves"),
    "a room above": ("bench/network/targets.py", "from bench.attribution import evidence", "the rooms of bench"),
    "a room beside": ("bench/classifiers/recipe.py", "import bench.attribution.view", "the rooms of bench"),
    "a command, inside a function": (
        "bench/runs/runner.py",
        "def late():\n    from bench.commands.console import output",
        "the rooms of bench",
    ),
    "for types alone": (
        "bench/classifiers/recipe.py",
        "import typing\nif typing.TYPE_CHECKING:\n    from bench.classifiers import training",
        "no circle in any folder",
    ),
    "relatively": ("datasets/registry.py", "from . import catalogue", "the rooms of datasets"),
    "a circle of two files": ("reports/saving.py", "import reports.page.writing", "no circle in any folder"),
    "a statistic": ("results/metrics/levels.py", "from results.statistics import bootstrap", "the rooms of results"),
    "a method": ("methods/registry.py", "from methods.catalogue import gradient", "the rooms of methods"),
    "a folder in no line": ("bench/attic.py", "", "the rooms of bench"),
}


def check_contract(folder):
    """Run the contract of pyproject.toml on the packages in `folder`."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        capture_output=True, text=True, cwd=folder,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path):
    """The sources and their contract, to be changed."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_imports_keep_their_contract():
    done = check_contract(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("planted", PLANTED)
def test_an_import_that_breaks_the_contract_is_found(copy, planted):
    name, line, contract = PLANTED[planted]
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = check_contract(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(contract in one and "BROKEN" in one for one in done.stdout.splitlines()), done.stdout


def imported(source):
    """Yield the top package of everything that a module imports, wherever in it, also by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (one.value.split(".")[0] for one in node.args if isinstance(one, ast.Constant))


@pytest.mark.parametrize(
    "source",
    [
        "import bench.runs.runner as r",
        "from bench import explain",
        "from bench.errors import BenchError",
        "def late():\n    from bench.network.anatomy import examine",
        "if TYPE_CHECKING:\n    import bench",
        "importlib.import_module('bench.runs.runner')",
    ],
)
def test_every_form_of_import_is_seen(source):
    assert list(imported(source)) == ["bench"]


def test_the_name_datasets_which_others_have_too_is_imported_in_one_place():
    """All others import it from there, and its own modules import each other relatively."""
    assert [name for name, text in SOURCES.items() if "datasets" in imported(text)] == ["bench/own.py"]


def test_methods_need_no_other_library_than_torch_and_numpy():
    names = {found for name, text in SOURCES.items() if name.startswith("methods/") for found in imported(text)}
    assert names - set(sys.stdlib_module_names) <= {"methods", "torch", "numpy", "scipy", "captum", "pytorch_grad_cam"}


def mirrored(test):
    """Return the sources that a test file may mirror: of its own name, or of the beginning of it.

    The second file about ``runs/run.py`` is ``runs/test_run_resumed.py``; a package counts as a file.
    """
    words = Path(test).stem.removeprefix("test_").split("_")
    names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    found = [ROOT / Path(test).parent / name for name in names]
    return [one for one in found if one.with_suffix(".py").is_file() or one.is_dir()]


def test_every_test_file_mirrors_what_it_tests():
    assert [test for test in TESTS if test not in OF_THEIR_OWN and not mirrored(test)] == []
    assert [test for test in OF_THEIR_OWN if test not in TESTS or mirrored(test)] == []


def test_no_test_changes_where_modules_are_looked_for():
    # pyproject.toml says where, and helpers are a package; what a test puts first goes with it.
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    assert [path.name for path in tests if "sys.path" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["list", "--help"]])
def test_asking_for_help_imports_nothing_heavy(arguments):
    code = (
        "import json, runpy, sys\n"
        f"sys.argv = ['bench', *{arguments}]\n"
        "try:\n    runpy.run_module('bench', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "bench" in loaded
    assert not loaded & HEAVY
