"""CAM bench: class activation maps for weakly supervised defect segmentation, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.attribution.explaining import explain

__version__ = "0.1.0"
__all__ = ["__version__", "explain"]


def __getattr__(name: str) -> Any:
    """Import `explain`, and torch with it, only when it is asked for."""
    if name == "explain":
        from bench.attribution.explaining import explain

        return explain
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
