"""Imports run one way, and asking for help imports nothing heavy."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import bench

ROOT = Path(bench.__file__).resolve().parents[1]
# What a package may import of the others.
ALLOWED = {
    "datasets": set(),
    "methods": set(),
    "results": set(),
    "reports": {"results"},
    "bench": {"datasets", "methods", "results", "reports"},
}
HEAVY = {"torch", "torchvision", "pandas", "matplotlib", "seaborn", "sklearn", "pyarrow", "captum", "datasets"}
MODULES = sorted(path for package in ALLOWED for path in (ROOT / package).rglob("*.py"))


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


def test_all_packages_were_found():
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == set(ALLOWED)
    assert len(MODULES) > 50


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    others = set(imported(path.read_text(encoding="utf-8"))) & set(ALLOWED) - {package}
    assert others <= ALLOWED[package]


def test_the_name_datasets_which_others_have_too_is_imported_in_one_place():
    """All others import it from there, and its own modules import each other relatively."""
    sources = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in MODULES}
    assert [name for name, text in sources.items() if "datasets" in imported(text)] == ["bench/own.py"]


def test_methods_need_no_other_library_than_torch_and_numpy():
    names = {name for path in (ROOT / "methods").rglob("*.py") for name in imported(path.read_text(encoding="utf-8"))}
    assert names - set(sys.stdlib_module_names) <= {"methods", "torch", "numpy", "scipy", "captum", "pytorch_grad_cam"}


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
