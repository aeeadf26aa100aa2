"""What the suite runs on: libraries that must fit each other, versions, the commit."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import platform
import subprocess
from pathlib import Path
from typing import Any

from bench.errors import BenchError

ROOT = Path(__file__).resolve().parents[1]
OWN_PACKAGES = ("bench", "datasets", "methods", "reports", "results")
LIBRARIES = ("cam-bench", "torch", "torchvision", "numpy", "pandas", "pillow", "grad-cam", "captum")


def import_torchvision() -> Any:
    """Import torchvision.

    Raises:
        BenchError: the installed build does not fit the installed torch.
    """
    try:
        return importlib.import_module("torchvision")
    except (ImportError, RuntimeError) as error:
        installed = ", ".join(f"{name} {_version(name)}" for name in ("torch", "torchvision"))
        raise BenchError(
            f"torch and torchvision do not fit each other here ({installed}): {error}. Both have to come from the "
            "same index: python -m pip install --force-reinstall torch torchvision"
        ) from error


def leads_here(name: str) -> bool:
    """Tell whether ``import name`` gives CAM bench's package of that name, and not somebody else's."""
    try:
        spec = importlib.util.find_spec(name)
    except ValueError:  # a module that somebody put there by hand has no spec
        return False
    return spec is not None and Path(spec.origin or "").resolve() == ROOT / name / "__init__.py"


def check_own_packages() -> None:
    """Make sure that the packages that are imported by their names are CAM bench's; `bench.own` sees to `datasets`.

    Raises:
        BenchError: one of them is a package of somebody else.
    """
    for name in OWN_PACKAGES:
        if name != "datasets" and not leads_here(name):
            raise BenchError(
                f"the import name {name!r} does not lead to {ROOT / name}: another package of that name hides CAM "
                "bench's. Give CAM bench a virtual environment of its own (python -m venv)"
            )


def versions() -> dict[str, str]:
    """Return the version of Python, of the platform and of the libraries that a number can depend on."""
    libraries = {name: _version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "platform": platform.platform(), **libraries}


def commit() -> tuple[str, bool]:
    """Return the commit of the checkout and whether files were changed since; ("", False) without git."""
    try:
        head = _git("rev-parse", "HEAD")
        return head, bool(_git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return "", False


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
