"""Class activation maps: from what a classifier computed to raw heatmaps."""

from methods import adapters, catalogue  # noqa: F401  importing them registers what there is
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
