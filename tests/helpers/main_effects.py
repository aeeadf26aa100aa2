"""Main effects of a full factorial design, for the tests of their table and their figure."""

from results.metrics.thresholds import parse_policy
from results.studies.effects import Combination, Effect, Effects, Interaction

LONG = "grad-cam-elementwise"


def combination(rule, layers, name, fuse, iou):
    fused = layers != "last"
    return Combination((rule, layers, name, fuse), f"{name}/{layers}={fuse if fused else 'sum'}{rule}", fused, iou)


FOUND = Effects(
    delta=50.0,
    policy=parse_policy("otsu"),
    items=12,
    combinations=tuple(
        combination(rule, layers, name, fuse, iou=0.1 + 0.05 * (rule == "+lt") + 0.2 * (layers == "stages"))
        for rule in ("plain", "+lt")
        for layers in ("last", "stages")
        for name in ("grad-cam", LONG)
        for fuse in ("sum", "minmax")
    ),
    rows=(
        Effect("rule", "plain", 0.2, None, None),
        Effect("rule", "+lt", 0.25, 0.05, (0.0123, 0.0789)),
        Effect("layers", "last", 0.125, None, None),
        Effect("layers", "stages", 0.325, 0.2, (-0.01, 0.31)),
        Effect("weighting", "grad-cam", 0.225, None, None),
        Effect("weighting", LONG, 0.2, -0.025, (-0.03, -0.0001)),
        Effect("fuse", "sum", 0.325, None, None),
        Effect("fuse", "minmax", 0.325, 0.0, (0.0, 0.0)),
    ),
    interaction=Interaction({"rule": "+lt", "weighting": LONG}, -0.0525),
)
