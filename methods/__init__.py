"""Class activation maps: from what a classifier computed to raw heatmaps."""

from methods import (  # noqa: F401, I001  registers them in the order of tables
    gradient, cam, full_gradient, eigen, guided, perturbation, relevance, chance, aliases, wrappers, adapters,
)  # fmt: skip
from methods.contract import EvidenceView, Method
from methods.errors import MethodError, NotApplicableError
from methods.fusing import Heatmap
from methods.heatmap import heatmap, layer_maps
from methods.registry import METHODS, alias, evidence_method, gradient_method
from methods.sets import select
from methods.spec import MethodSpec, parse

__all__ = [
    "METHODS",
    "EvidenceView",
    "Heatmap",
    "Method",
    "MethodError",
    "MethodSpec",
    "NotApplicableError",
    "alias",
    "evidence_method",
    "gradient_method",
    "heatmap",
    "layer_maps",
    "parse",
    "select",
]
