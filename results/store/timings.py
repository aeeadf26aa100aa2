"""Timings: samples of works, each beside a bare pass, and what is read from them.

A bare pass is one forward and one backward pass with respect to the activations of the stages, and nothing else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from results.errors import ResultError

BARE = "bare pass"
SCHEMA = 2


@dataclass(frozen=True)
class Conditions:
    """What a work was run on; times under other conditions are other quantities.

    Attributes:
        device: ``cpu`` or ``cuda``.
        precision: of the network's passes: ``fp32``, ``tf32`` or ``bf16``; maps are float32 always.
        network: in words.
        height, width: of the images, in pixels.
        batch: images at once.
    """

    device: str
    precision: str
    network: str
    height: int
    width: int
    batch: int

    def __str__(self) -> str:
        """Return all of them in one line."""
        size = f"{self.height}x{self.width}"
        return f"{self.network}, {size}, batch {self.batch}, {self.device}, {self.precision}"


@dataclass(frozen=True)
class Sample:
    """One timed run of a work.

    Attributes:
        seconds: from begin to end.
        cpu: CPU seconds, all threads together.
        scopes: seconds of its parts, by name in `results.scopes`; of a library's work none are known.
        bare, bare_cpu: the same of the bare pass that was run just before it.
    """

    seconds: float
    cpu: float
    scopes: dict[str, float]
    bare: float
    bare_cpu: float


@dataclass(frozen=True)
class Deviation:
    """How far maps are from those of full precision on the same images, where it is worst.

    Attributes:
        relative: Euclidean norm of the difference over that of the map in full precision.
        correlation: Spearman's; NaN where a map is constant.
    """

    relative: float
    correlation: float


@dataclass(frozen=True)
class Timing:
    """What was measured of one work under one set of conditions.

    Attributes:
        work: its name: `BARE`, the short text of a spec, or the name of a group of specs.
        specs: short texts of the methods that it computes from one forward pass.
        library: prefix of the library that it runs, empty for the suite's own.
        stands_for: short texts of our specs that a library's work is compared with.
        conditions: what it was run on.
        samples: all of them, in the order in which they were taken; none where it could not be run.
        peak_bytes: memory that it takes on top of network and images, at its highest; None where it is not known.
        flops: floating-point operations of its convolutions and matrix products; None where they are not counted.
        deviation: of maps in a lower precision.
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
        """Images of the batch over the median."""
        return self.conditions.batch / self.median

    @property
    def in_bare_passes(self) -> float:
        """Median, over the rounds, of how many bare passes of the same round it takes."""
        return _quartiles([one.seconds / one.bare for one in self.samples])[1]

    @property
    def cpu_in_bare_passes(self) -> float:
        """The same in CPU seconds, which a load of other processes moves less; of works on a GPU it tells nothing."""
        return _quartiles([one.cpu / one.bare_cpu for one in self.samples if one.bare_cpu])[1]

    def share(self, name: str) -> float:
        """Return the mean share of a part in the seconds, 0 where it is not known."""
        return float(np.mean([one.scopes.get(name, 0) / one.seconds for one in self.samples]))

    def scope(self, name: str) -> float:
        """Return the median seconds of a part; NaN where it is not known."""
        return _quartiles([one.scopes[name] for one in self.samples if name in one.scopes])[1]


@dataclass(frozen=True)
class Verdict:
    """One number beside its target.

    Attributes:
        target: what was aimed at, in words.
        conditions: under which the number was measured.
        number: in `unit`; NaN where it could not be measured.
        limit: of the number.
        at_most: the number is to be no higher than `limit`; else no lower.
        unit: of both.
    """

    target: str
    conditions: Conditions
    number: float
    limit: float
    at_most: bool
    unit: str

    @property
    def met(self) -> bool:
        """Tell whether the target is reached; a number that is not known reaches none."""
        return self.number <= self.limit if self.at_most else self.number >= self.limit


@dataclass(frozen=True)
class Growth:
    """How the time of a work grows with one quantity: seconds ≈ factor · x^exponent.

    Attributes:
        axis: what is varied, in words.
        work: its name.
        points: (x, median seconds), ascending.
        exponent, factor: of the straight line through the logarithms with the least squares.
    """

    axis: str
    work: str
    points: tuple[tuple[float, float], ...]
    exponent: float
    factor: float


@dataclass(frozen=True)
class Timings:
    """What one call of the command measured; it is never joined with what another one did.

    Attributes:
        machine: on what, when, and with which versions; JSON.
        timings: of all works under all conditions, a bare pass under each.
        peaks: floating-point operations in a second of a large matrix product, by device and precision,
            ``cpu fp32`` for example.
        left_out: what was asked for and is not possible on this machine, in words.
        verdicts: numbers beside their targets, where targets were asked for.
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
        """Return what was measured under `conditions`, the bare pass first."""
        return [one for one in self.timings if one.conditions == conditions]

    def multiple(self, timing: Timing) -> float:
        """Return the median over that of all bare passes under the same conditions."""
        (bare,) = [one for one in self.under(timing.conditions) if one.work == BARE]
        return timing.median / bare.median

    def speed_up(self, timing: Timing, library: str) -> float:
        """Return how many times longer a library takes, one method after the other, for the methods of a work of ours.

        NaN unless it was timed for every one of them.
        """
        there = [one for one in self.under(timing.conditions) if one.library == library]
        medians = [next((one.median for one in there if spec in one.stands_for), math.nan) for spec in timing.specs]
        return sum(medians) / timing.median if medians else math.nan

    def share_of_peak(self, timing: Timing) -> float:
        """Return the floating-point operations in a second over those of a large matrix product, or NaN."""
        peak = self.peaks.get(f"{timing.conditions.device} {timing.conditions.precision}", math.nan)
        return math.nan if timing.flops is None else timing.flops / timing.median / peak

    def as_json(self) -> dict[str, Any]:
        """Return everything, for a program."""
        return {"schema_version": SCHEMA} | asdict(self)


def write(timings: Timings, path: Path) -> None:
    """Write everything, all samples included, as JSON."""
    path.write_text(json.dumps(timings.as_json(), indent=1) + "\n")


def read(path: Path) -> Timings:
    """Read what `write` has written.

    Raises:
        ResultError: there is no such file, or a newer version has written it.
    """
    if not path.is_file():
        raise ResultError(f"there are no timings at {path}; python -m bench time makes them")
    found = _upgraded(json.loads(path.read_text()), path)
    return Timings(
        machine=found["machine"],
        timings=tuple(map(_timing, found["timings"])),
        peaks=found["peaks"],
        left_out=tuple(found["left_out"]),
        verdicts=tuple(Verdict(**one | {"conditions": Conditions(**one["conditions"])}) for one in found["verdicts"]),
        growths=tuple(growth(one["axis"], one["work"], list(map(tuple, one["points"]))) for one in found["growths"]),
    )


def _upgraded(found: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a file of any earlier schema as one of this schema."""
    schema = found["schema_version"]
    if schema > SCHEMA:
        raise ResultError(f"{path} has schema {schema}, this version reads up to {SCHEMA}: upgrade cam-bench")
    if schema == 1:  # CPU seconds were called busy, deviations apart
        for timing in found["timings"]:
            timing["deviation"] = timing.pop("apart")
            for sample in timing["samples"]:
                sample["cpu"], sample["bare_cpu"] = sample.pop("busy"), sample.pop("bare_busy")
    return found


def growth(axis: str, work: str, points: Sequence[tuple[float, float]]) -> Growth:
    """Fit a power of x to (x, seconds), all above 0.

    Raises:
        ResultError: there are fewer than two different x.
    """
    ordered = tuple(sorted(points))
    if len({x for x, _ in ordered}) < 2:
        raise ResultError(f"{work} was timed at fewer than two values of {axis}, through which no line can be laid")
    x, seconds = (np.log([point[place] for point in ordered]) for place in (0, 1))
    exponent, intercept = np.polyfit(x, seconds, 1)
    return Growth(axis, work, ordered, float(exponent), float(np.exp(intercept)))


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if not values:
        return math.nan, math.nan, math.nan
    low, middle, high = np.percentile(values, (25, 50, 75))
    return float(low), float(middle), float(high)


def _timing(fields: dict[str, Any]) -> Timing:
    made: dict[str, Callable[[Any], Any]] = {
        "specs": tuple,
        "stands_for": tuple,
        "conditions": lambda one: Conditions(**one),
        "samples": lambda many: tuple(Sample(**one) for one in many),
        "deviation": lambda one: one and Deviation(**one),
    }
    return Timing(**{name: made[name](value) if name in made else value for name, value in fields.items()})
