"""CAM bench: class activation maps for weakly supervised defect segmentation, compared."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.api import run
    from bench.attribution.explaining import explain

__version__ = "0.1.0"
__all__ = ["__version__", "explain", "run"]

_PLACES = {"explain": "bench.attribution.explaining", "run": "bench.api"}


def __getattr__(name: str) -> Any:
    """Import a function, and torch with it, only when it is asked for."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
