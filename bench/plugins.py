"""Methods, datasets and metrics that others bring: files named on the command line, and installed packages."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

from bench.errors import BenchError
from bench.own import datasets
from methods.registry import ALIASES, LIBRARIES, METHODS, WRAPPERS, names
from results.metrics.formulas import METRICS

GROUPS = ("cam_bench.methods", "cam_bench.datasets")
"""Entry points of installed packages. Each names a module, which registers what it brings when it is imported."""
REGISTRIES: tuple[dict[str, Any], ...] = (
    METHODS, ALIASES, WRAPPERS, LIBRARIES, datasets.DATASETS, datasets.FAKE_TREES, METRICS,
)  # fmt: skip


class _Change(NamedTuple):
    """What a file has put into a registry, and what stood there before, if anything."""

    registry: dict[str, Any]
    name: str
    before: Any
    after: Any


_loaded: dict[Path, tuple[bytes, list[_Change]]] = {}
"""The content of each file that was imported, and what it has changed."""


def load_plugins(files: Iterable[Path]) -> None:
    """Import what registers methods, datasets and metrics: every entry point of `GROUPS`, then `files`.

    A file that was changed since it was loaded is loaded anew: what it registered before is forgotten first.

    Raises:
        BenchError: one of them is missing or fails to import; the message says which and why.
    """
    for point in (point for group in GROUPS for point in entry_points(group=group)):
        try:
            point.load()
        except Exception as error:
            raise BenchError(f"the plug-in {point.name} ({point.value}) fails: {_what(error)}") from error
    for path in files:
        _load_anew(path)


def _load_anew(path: Path) -> None:
    """Import a file, unless it is as it was when it was imported before and what it registered is still there."""
    if not path.is_file():
        raise BenchError(f"there is no plug-in file {path}")
    content = path.read_bytes()
    known, changes = _loaded.get(path.resolve(), (b"", []))
    if changes and known == content and all(one.registry.get(one.name) is one.after for one in changes):
        return
    for one in changes:
        if one.before is None:
            one.registry.pop(one.name, None)
        else:
            one.registry[one.name] = one.before
    before = [dict(registry) for registry in REGISTRIES]
    _load(path)
    _loaded[path.resolve()] = (
        content,
        [
            _Change(registry, name, old.get(name), value)
            for registry, old in zip(REGISTRIES, before, strict=True)
            for name, value in registry.items()
            if old.get(name) is not value
        ],
    )


def _load(path: Path) -> None:
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
    _, changes = _loaded[file.resolve()]
    new = [one.name for one in changes if one.name in names() and one.before is None]
    if not new:
        raise BenchError(f"{file} registers no method; README shows what a method is")
    return new


def _what(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
