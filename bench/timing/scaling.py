"""How time grows: one quantity is varied while the others stay as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from bench.provenance import import_torchvision
from bench.timing.setup import Case
from bench.timing.workloads import BARE_PASS, Workload, alone
from methods import METHODS, MethodSpec, parse
from results.store.timings import Growth, Timings, growth

AREAS = (0.25, 0.5, 1, 2)
"""Pixels of the images, over those of the case that is varied."""
BATCHES = (1, 2, 4, 8)
COUNTS = (1, 2, 5, 10)
"""Of δ; and of methods as far as there are so many."""
STEP = 32
"""Sides of images are multiples of it."""
WIDTHS = {"eighth": 8, "quarter": 4, "half": 2, "whole": 1}
"""What VGG16's channels are divided by, by name of the network."""
DEEPEST = 512


def vgg16(share: int, classes: int) -> nn.Module:
    """Build VGG16 with its channels divided by `share`, pooling to 4 x 4 and one linear layer."""
    plan = [one if one == "M" else one // share for one in import_torchvision().models.vgg.cfgs["D"]]
    features = import_torchvision().models.vgg.make_layers(plan)
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * DEEPEST // share, classes))


eighth, quarter, half, whole = (partial(vgg16, share) for share in WIDTHS.values())


@dataclass(frozen=True)
class Point:
    """One work at one value of what is varied; those of one `axis` and one `line` belong together."""

    axis: str
    line: str
    x: float
    case: Case
    work: Workload


def points(base: Case, specs: Sequence[MethodSpec]) -> list[Point]:
    """Return what is timed: a bare pass and `specs`, each alone, and growing groups of methods and of δ."""
    found = [
        Point(axis, work.name, x, case, work) for axis, x, case in _cases(base) for work in [BARE_PASS, *alone(specs)]
    ]
    weighted = [parse(name) for name, method in METHODS.items() if method.gradient_weighted]
    for count in dict.fromkeys(min(count, len(weighted)) for count in COUNTS):
        work = Workload(f"{count} gradient-weighted methods", tuple(weighted[:count]))
        found.append(Point("methods at once", "gradient-weighted methods", count, base, work))
    for spec in specs:
        for count in COUNTS if spec.rules else ():
            many = tuple(spec.at(delta) for delta in range(0, 100, 100 // count))
            family = str(spec.at(50)).replace("@50", "")
            found.append(Point("δ at once", family, count, base, Workload(f"{family} at {count} δ", many)))
    return found


def todo(found: Sequence[Point]) -> list[tuple[Case, list[Workload]]]:
    """Return what has to be timed, no work twice under the same conditions."""
    works: dict[Case, dict[Workload, None]] = {}
    for one in found:
        works.setdefault(one.case, {})[one.work] = None
    return [(case, [work for work in there if work != BARE_PASS]) for case, there in works.items()]


def fits(found: Sequence[Point], timings: Timings) -> Iterator[Growth]:
    """Yield how each line grows along its axis; one that could not be timed at two points at least is left out."""
    seconds = {(one.conditions, one.work): one.median for one in timings.timings if one.samples}
    lines: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in found:
        if (key := (one.case.conditions, one.work.name)) in seconds:
            lines.setdefault((one.axis, one.line), []).append((one.x, seconds[key]))
    for (axis, line), measured in lines.items():
        if len({x for x, _ in measured}) > 1:
            yield growth(axis, line, measured)


def _cases(base: Case) -> Iterator[tuple[str, float, Case]]:
    height, width = base.size
    for area in AREAS:
        size = _rounded(height * math.sqrt(area)), _rounded(width * math.sqrt(area))
        yield "pixels", size[0] * size[1], replace(base, size=size)
    for batch in BATCHES:
        yield "images", batch, replace(base, batch=batch)
    for name, share in WIDTHS.items():
        config = base.network.model_copy(update={"name": f"{__name__}:{name}"})
        yield "channels of the last stage", DEEPEST // share, replace(base, network=config, weights="none")


def _rounded(side: float) -> int:
    return max(STEP, STEP * round(side / STEP))
