"""The twins by the names of their methods."""

from collections.abc import Callable

GRADIENT_TWINS: dict[str, Callable] = {}
EVIDENCE_TWINS: dict[str, Callable] = {}


def gradient_twin(name):
    """Register the twin of a gradient-weighted method: from (K, h, w) activation and gradient to (h, w), one image."""

    def register(twin):
        GRADIENT_TWINS[name] = twin
        return twin

    return register


def evidence_twin(name):
    """Register the twin of any other method: from a view to (B, h, w), or to such maps by layer."""

    def register(twin):
        EVIDENCE_TWINS[name] = twin
        return twin

    return register
