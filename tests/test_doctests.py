"""The examples in docstrings are true."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import bench

ROOT = Path(bench.__file__).resolve().parents[1]
PACKAGES = ("bench", "methods", "datasets", "results", "reports")
PATHS = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
WITH_EXAMPLES = [path.relative_to(ROOT) for path in PATHS if ">>> " in path.read_text(encoding="utf-8")]


def test_there_are_examples():
    assert len(WITH_EXAMPLES) > 5


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.as_posix())
def test_examples_in_docstrings_are_true(path):
    module = import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    outcome = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert outcome.attempted or "doctest: +SKIP" in (ROOT / path).read_text(encoding="utf-8")
    assert not outcome.failed
