"""What the suite runs on: libraries that have to fit each other, versions, devices, code."""

from __future__ import annotations

import hashlib
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
COMPUTING = (
    "bench/*.py", "bench/attribution/*.py", "bench/classifiers/*.py", "bench/network/*.py", "bench/runs/*.py",
    "datasets/**/*.py", "methods/**/*.py", "results/metrics/levels.py",
)  # fmt: skip
"""What cells are computed by; how they are scored and shown is no part of a run."""
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


def check_own_datasets() -> None:
    """Raise `BenchError` where the import name `datasets` belongs to another distribution."""
    spec = importlib.util.find_spec("datasets")
    found = Path(spec.origin).resolve().parent if spec and spec.origin else None
    if found != ROOT / "datasets":
        raise BenchError(
            f"the import name 'datasets' leads to {found}, not to {ROOT / 'datasets'}: another package called "
            "datasets hides CAM bench's. Uninstall it (python -m pip uninstall datasets), or give CAM bench a "
            f"virtual environment of its own, or run from {ROOT}"
        )


def versions() -> dict[str, str]:
    """Return the version of Python, of the platform and of the libraries that a number can depend on."""
    libraries = {name: _version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "platform": platform.platform(), **libraries}


def commit() -> tuple[str, bool]:
    """Return the commit of the suite's checkout and whether it was changed since; ("", False) without git."""
    try:
        head = _git("rev-parse", "HEAD")
        return head, bool(_git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return "", False


def code_fingerprint(extra: list[Path]) -> str:
    """Return 16 hex digits over the code that a heatmap and its statistics depend on, and `extra` files."""
    files = sorted({path for pattern in COMPUTING for path in ROOT.glob(pattern)})
    digest = hashlib.sha256()
    for path in [*files, *extra]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
