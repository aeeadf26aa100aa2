"""Timings: samples of workloads, each beside a bare pass, and the numbers that reports show.

A bare pass is one forward and one backward pass with respect to the activations of the stages, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from results.errors import ResultError

BARE = "bare pass"


@dataclass(frozen=True)
class Conditions:
    """What a workload was run on; times under different conditions are not comparable.

    Attributes:
        device: ``cpu`` or ``cuda``.
        precision: of the network's passes: ``fp32``, ``tf32`` or ``bf16``; heatmaps are float32 always.
        network: in words.
        height, width: of the images, in pixels.
        batch: number of images in a batch.
    """

    device: str
    precision: str
    network: str
    height: int
    width: int
    batch: int

    def __str__(self) -> str:
        """Return all conditions in one line."""
        size = f"{self.height}x{self.width}"
        return f"{self.network}, {size}, batch {self.batch}, {self.device}, {self.precision}"


@dataclass(frozen=True)
class Sample:
    """One timed run of a workload.

    Attributes:
        seconds: elapsed time.
        cpu: CPU time in seconds, over all threads.
        scopes: seconds of its parts, by name in `results.scopes`; those of a library are not known.
        bare, bare_cpu: elapsed time and CPU time of the bare pass that was run just before.
    """

    seconds: float
    cpu: float
    scopes: dict[str, float]
    bare: float
    bare_cpu: float


@dataclass(frozen=True)
class Deviation:
    """How far heatmaps are from those of full precision on the same images; of the worst heatmap.

    Attributes:
        relative: L2 norm of the difference over that of the heatmap in full precision.
        correlation: Spearman's rank correlation; NaN where a heatmap is constant.
    """

    relative: float
    correlation: float


@dataclass(frozen=True)
class Timing:
    """The measurements of one workload under one set of conditions.

    Attributes:
        work: name of the workload: `BARE`, the short text of a spec, or the name of a group of specs.
        specs: short texts of the methods that it computes from one forward pass.
        library: prefix of the library that it runs, empty for the suite itself.
        stands_for: short texts of the suite's specs that a library's workload is compared with.
        conditions: what it was run on.
        samples: in the order in which they were taken; none where it could not be run.
        peak_bytes: peak memory on top of network and images; None where it is not known.
        flops: floating-point operations of its convolutions and matrix products; None where they were not counted.
        deviation: of heatmaps in a lower precision.
        reason: why it could not be run or, where there are samples, why its operations could not be counted.
    """

    work: str
    specs: tuple[str, ...]
    library: str
    stands_for: tuple[str, ...]
    conditions: Conditions
    samples: tuple[Sample, ...]
    peak_bytes: int | None = None
    flops: int | None = None
    deviation: Deviation | None = None
    reason: str = ""

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """First quartile, median and third quartile of the seconds; NaN without samples."""
        return _quartiles([one.seconds for one in self.samples])

    @property
    def median(self) -> float:
        """Median of the seconds; NaN without samples."""
        return self.quartiles[1]

    @property
    def images_per_second(self) -> float:
        """Images of the batch over the median seconds."""
        return self.conditions.batch / self.median

    @property
    def in_bare_passes(self) -> float:
        """Median ratio of a sample to the bare pass before it."""
        return _quartiles([one.seconds / one.bare for one in self.samples])[1]

    @property
    def cpu_in_bare_passes(self) -> float:
        """The same in CPU time, which other processes affect less; it is meaningless for workloads on a GPU."""
        return _quartiles([one.cpu / one.bare_cpu for one in self.samples if one.bare_cpu])[1]

    def share(self, name: str) -> float:
        """Return the mean share of a part in the elapsed time, 0 where it is not known."""
        return float(np.mean([one.scopes.get(name, 0) / one.seconds for one in self.samples]))

    def scope(self, name: str) -> float:
        """Return the median seconds of a part; NaN where it is not known."""
        return _quartiles([one.scopes[name] for one in self.samples if name in one.scopes])[1]


@dataclass(frozen=True)
class Verdict:
    """A measured number and the speed target that it is compared with.

    Attributes:
        target: what the target is, in words.
        conditions: under which the number was measured.
        number: in `unit`; NaN where it could not be measured.
        limit: that the number must keep to reach the target.
        at_most: whether `limit` is an upper limit; else it is a lower one.
        unit: of `number` and `limit`.
    """

    target: str
    conditions: Conditions
    number: float
    limit: float
    at_most: bool
    unit: str

    @property
    def met(self) -> bool:
        """Tell whether the target is reached; an unknown number does not reach it."""
        return self.number <= self.limit if self.at_most else self.number >= self.limit


@dataclass(frozen=True)
class Growth:
    """How the time of a workload grows with a quantity: seconds ≈ factor · x^exponent.

    Attributes:
        axis: the quantity x, in words.
        work: name of the workload.
        points: (x, median seconds), ascending.
        exponent, factor: least-squares fit of a straight line to the logarithms.
    """

    axis: str
    work: str
    points: tuple[tuple[float, float], ...]
    exponent: float
    factor: float


@dataclass(frozen=True)
class Timings:
    """The measurements of one call of the command; those of several calls are never joined.

    Attributes:
        machine: machine, date and versions, as JSON.
        timings: of all workloads under all conditions, with a bare pass under each.
        peaks: floating-point operations in a second of a large matrix product, by device and precision, such as
            ``cpu fp32``.
        left_out: what was asked for and is not possible on this machine, in words.
        verdicts: comparisons with speed targets, where these were asked for.
        growths: how times grow, where that was asked for.
    """

    machine: dict[str, Any]
    timings: tuple[Timing, ...]
    peaks: dict[str, float]
    left_out: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    growths: tuple[Growth, ...] = ()

    @property
    def conditions(self) -> list[Conditions]:
        """All conditions, in order."""
        return list(dict.fromkeys(one.conditions for one in self.timings))

    def under(self, conditions: Conditions) -> list[Timing]:
        """Return the timings under `conditions`, the bare pass first."""
        return [one for one in self.timings if one.conditions == conditions]

    def multiple(self, timing: Timing) -> float:
        """Return the ratio of the median to that of the bare passes under the same conditions."""
        (bare,) = [one for one in self.under(timing.conditions) if one.work == BARE]
        return timing.median / bare.median

    def speed_up(self, timing: Timing, library: str) -> float:
        """Return how many times longer a library takes for the methods of a workload, one method after the other.

        NaN unless the library was timed for every one of them.
        """
        there = [one for one in self.under(timing.conditions) if one.library == library]
        medians = [next((one.median for one in there if spec in one.stands_for), math.nan) for spec in timing.specs]
        return sum(medians) / timing.median if medians else math.nan

    def share_of_peak(self, timing: Timing) -> float:
        """Return floating-point operations in a second, relative to a large matrix product; NaN where unknown."""
        peak = self.peaks.get(f"{timing.conditions.device} {timing.conditions.precision}", math.nan)
        return math.nan if timing.flops is None else timing.flops / timing.median / peak


def growth(axis: str, work: str, points: Sequence[tuple[float, float]]) -> Growth:
    """Fit a power of x to points (x, seconds), all above 0.

    >>> found = growth("images", "grad-cam", [(1, 0.5), (2, 1.0), (4, 2.0)])
    >>> round(found.exponent, 6), round(found.factor, 6)
    (1.0, 0.5)

    Raises:
        ResultError: there are fewer than two different x.
    """
    ordered = tuple(sorted(points))
    if len({x for x, _ in ordered}) < 2:
        raise ResultError(f"{work} was timed at fewer than two values of {axis}, which is too few for an exponent")
    x, seconds = (np.log([point[place] for point in ordered]) for place in (0, 1))
    exponent, intercept = np.polyfit(x, seconds, 1)
    return Growth(axis, work, ordered, float(exponent), float(np.exp(intercept)))


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if not values:
        return math.nan, math.nan, math.nan
    low, middle, high = np.percentile(values, (25, 50, 75))
    return float(low), float(middle), float(high)
