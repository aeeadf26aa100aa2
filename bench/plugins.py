"""Methods, datasets and metrics that others bring: files named on the command line, and installed packages."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.own import datasets
from methods.registry import ALIASES, LIBRARIES, METHODS, WRAPPERS, names
from results.metrics.formulas import METRICS

GROUPS = ("cam_bench.methods", "cam_bench.datasets")
"""Entry points of installed packages. Each names a module, which registers what it brings when it is imported."""
REGISTRIES: tuple[dict[str, Any], ...] = (
    METHODS, ALIASES, WRAPPERS, LIBRARIES, datasets.DATASETS, datasets.FAKE_TREES, METRICS,
)  # fmt: skip
_registered: dict[Path, list[set[str]]] = {}
"""The names that each file has put into each of them."""


def load_plugins(files: Iterable[Path]) -> None:
    """Import what registers methods, datasets and metrics: every entry point of `GROUPS`, then `files`.

    A file that was loaded before is loaded anew: what it registered then is forgotten first.

    Raises:
        BenchError: one of them is missing or fails to import; the message says which and why.
    """
    for point in (point for group in GROUPS for point in entry_points(group=group)):
        try:
            point.load()
        except Exception as error:
            raise BenchError(f"the plug-in {point.name} ({point.value}) fails: {_what(error)}") from error
    for path in files:
        for registry, own in zip(REGISTRIES, _registered.pop(path.resolve(), ()), strict=False):
            for name in own & registry.keys():
                del registry[name]
        before = [set(registry) for registry in REGISTRIES]
        _load(path)
        _registered[path.resolve()] = [
            registry.keys() - known for registry, known in zip(REGISTRIES, before, strict=True)
        ]


def _load(path: Path) -> None:
    if not path.is_file():
        raise BenchError(f"there is no plug-in file {path}")
    spec = importlib.util.spec_from_file_location(f"cam_bench_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BenchError(f"the plug-in {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        raise BenchError(f"the plug-in {path} fails: {_what(error)}") from error


def load_new(file: Path) -> list[str]:
    """Import a plug-in and return the names of the methods and aliases that it registers.

    Raises:
        BenchError: it is missing, fails to import, or registers none.
    """
    load_plugins((file,))
    methods, aliases, *_ = _registered[file.resolve()]
    new = [name for name in names() if name in methods | aliases]
    if not new:
        raise BenchError(f"{file} registers no method; README shows what a method is")
    return new


def _what(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
