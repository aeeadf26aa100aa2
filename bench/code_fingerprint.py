"""The fingerprint of the code that a number can depend on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.provenance import OWN_PACKAGES, ROOT

COMPUTING = "bench.runs.runner"
"""The module that computes cells; what it imports belongs to it, wherever that lies."""
TEXTS = frozenset({"__all__", "__version__"})
"""Names that no number depends on."""


def code_fingerprint(extra: Iterable[Path] = ()) -> str:
    """Return 16 hexadecimal digits over the code that computes cells, and over the files `extra`.

    Comments, docstrings, type checking and the number of the release do not count. Neither does the place of a module:
    in an import, what is in a module stands for its name.
    """
    modules = computing_modules(extra)
    alone = {path: _digest(one.code, *sorted(names for _, names in one.imports)) for path, one in modules.items()}
    linked = {
        _digest(one.code, *sorted(alone[path] + names for path, names in one.imports))
        for one in modules.values()
        if one.code or one.imports
    }
    return _digest(*sorted(linked))[:16]


def computing_modules(extra: Iterable[Path] = ()) -> dict[Path, Module]:
    """Return `COMPUTING`, the files `extra` and all that they import of the suite, directly or not, by file."""
    found: dict[Path, Module] = {}
    waiting = [*_files_of(COMPUTING), *extra]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = Module(path)
            waiting += found[path].needs
    return found


class Module:
    """What a file of Python code does.

    Attributes:
        code: its syntax tree as a text, without what does not count and without imports of the suite's modules.
        imports: these imports: a file each, and the names that are taken from it.
        needs: all files of the suite that run when this one is imported.
    """

    def __init__(self, path: Path) -> None:
        """Read a file of Python code."""
        self._path = path
        self._parts: list[str] = []
        self.imports: list[tuple[Path, str]] = []
        self.needs: list[Path] = []
        for statement in ast.parse(path.read_bytes()).body:
            self._read(statement)
        self.code = " ".join(self._parts)

    def _read(self, value: Any) -> None:
        if isinstance(value, list):
            self._parts.append("[")
            for one in value:
                self._read(one)
            self._parts.append("]")
        elif not isinstance(value, ast.AST):
            self._parts.append(repr(value))
        elif isinstance(value, ast.If) and ast.unparse(value.test).endswith("TYPE_CHECKING"):
            self._read(value.orelse)
        elif not (_is_text(value) or self._is_own_import(value)):
            self._note_dynamic_imports(value)
            self._parts.append(type(value).__name__)
            for name in value._fields:
                # What is absent is left out: newer versions of Python have more fields.
                if name != "ctx" and (inner := getattr(value, name, None)) not in (None, []):
                    self._parts.append(name)
                    self._read(inner)

    def _is_own_import(self, node: ast.AST) -> bool:
        """Note what a statement imports of the suite, and tell whether it imports anything of it."""
        before = len(self.imports)
        if isinstance(node, ast.Import):
            for name in node.names:
                self._note(name.name, f"import {name.asname or name.name}")
        elif isinstance(node, ast.ImportFrom):
            module = self._absolute(node)
            for name in node.names:
                if not self._note(f"{module}.{name.name}", f"module {name.asname or name.name}"):
                    self._note(module, f"{name.name} as {name.asname}")
        return len(self.imports) > before

    def _note_dynamic_imports(self, node: ast.AST) -> None:
        """Note a module that is imported by a text, and all modules of a package that looks for them."""
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            for argument in node.args[:1]:
                self._note(str(getattr(argument, "value", "")), "")
        elif isinstance(node, ast.Name) and node.id == "iter_modules":
            for path in sorted(self._path.parent.iterdir()):
                self._note(".".join((*self._package(), path.stem)), "")

    def _note(self, module: str, names: str) -> bool:
        """Note that names are taken from a module, if it is one of the suite's."""
        files = _files_of(module)
        if files and files[-1] != self._path:
            self.imports.append((files[-1], names))
            self.needs += files
        return bool(files)

    def _absolute(self, node: ast.ImportFrom) -> str:
        package = self._package()
        parent = package[: len(package) - node.level + 1] if node.level else ()
        return ".".join((*parent, *filter(None, [node.module])))

    def _package(self) -> tuple[str, ...]:
        return self._path.parent.relative_to(ROOT).parts if self._path.is_relative_to(ROOT) else ()


def _files_of(module: str) -> list[Path]:
    """Return the files that run when a module is imported, its own last; none if it is not one of the suite's."""
    parts = module.split(".")
    if parts[0] not in OWN_PACKAGES:
        return []
    folder = ROOT.joinpath(*parts)
    own = next((path for path in (folder / "__init__.py", folder.with_suffix(".py")) if path.is_file()), None)
    parents = [ROOT.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts))]
    return [*filter(Path.is_file, parents), own] if own else []


def _is_text(node: ast.AST) -> bool:
    """Tell whether a statement is a docstring or assigns to one of `TEXTS`."""
    if isinstance(node, ast.Assign):
        return all(isinstance(one, ast.Name) and one.id in TEXTS for one in node.targets)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
