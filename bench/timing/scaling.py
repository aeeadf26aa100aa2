"""How time grows with one quantity while all others stay the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from bench.provenance import import_torchvision
from bench.timing.setup import TimingConfig
from bench.timing.workloads import BARE_PASS, Workload, alone
from methods import METHODS, MethodSpec, parse
from results.store.timings import Growth, Timings, growth

AREAS = (0.25, 0.5, 1, 2)
"""Pixels of the images, relative to those of the configuration that is varied."""
BATCHES = (1, 2, 4, 8)
COUNTS = (1, 2, 5, 10)
"""How many δ, or methods, are computed at once; there may be fewer methods."""
STEP = 32
"""Heights and widths of images are multiples of it, in pixels."""
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
    """One point of a line that shows how time grows.

    Attributes:
        axis: the quantity that is varied, in words.
        line: name of the line.
        x: value of the quantity.
        config: what the workload is run on.
        workload: that is timed.
    """

    axis: str
    line: str
    x: float
    config: TimingConfig
    workload: Workload


def scaling_points(base: TimingConfig, specs: Sequence[MethodSpec]) -> list[Point]:
    """Return what is timed: a bare pass and `specs`, each alone, and growing groups of methods and of δ."""
    points = [
        Point(axis, workload.name, x, config, workload)
        for axis, x, config in _varied(base)
        for workload in [BARE_PASS, *alone(specs)]
    ]
    weighted = [parse(name) for name, method in METHODS.items() if method.gradient_weighted]
    for count in dict.fromkeys(min(count, len(weighted)) for count in COUNTS):
        group = Workload(f"{count} gradient-weighted methods", tuple(weighted[:count]))
        points.append(Point("methods at once", "gradient-weighted methods", count, base, group))
    for spec in specs:
        for count in COUNTS if spec.rules else ():
            many = tuple(spec.at(delta) for delta in range(0, 100, 100 // count))
            family = str(spec.at(50)).replace("@50", "")
            points.append(Point("δ at once", family, count, base, Workload(f"{family} at {count} δ", many)))
    return points


def workloads_of(points: Sequence[Point]) -> list[tuple[TimingConfig, list[Workload]]]:
    """Return what has to be timed, by configuration; no workload stands twice under one of them."""
    by_config: dict[TimingConfig, dict[Workload, None]] = {}
    for point in points:
        by_config.setdefault(point.config, {})[point.workload] = None
    return [(config, [one for one in workloads if one != BARE_PASS]) for config, workloads in by_config.items()]


def growths(points: Sequence[Point], timings: Timings) -> Iterator[Growth]:
    """Yield how each line grows along its axis; a line with fewer than two timed points is left out."""
    seconds = {(one.conditions, one.work): one.median for one in timings.timings if one.samples}
    lines: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for point in points:
        if (key := (point.config.conditions, point.workload.name)) in seconds:
            lines.setdefault((point.axis, point.line), []).append((point.x, seconds[key]))
    for (axis, line), measured in lines.items():
        if len({x for x, _ in measured}) > 1:
            yield growth(axis, line, measured)


def _varied(base: TimingConfig) -> Iterator[tuple[str, float, TimingConfig]]:
    """Yield (axis, value, configuration) for every value of every quantity of the configuration."""
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
