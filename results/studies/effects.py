"""Main effects: what weighting, rule, layers and fusing each contribute to the IoU.

Two methods often differ in several of these factors at once. Where a run holds a full factorial design, every
combination of some levels, the mean over all combinations of the other factors shows the effect of one factor alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd

from results.metrics.counts import Counts, FloatArray
from results.metrics.formulas import iou
from results.metrics.scoring import image_counts, readable
from results.metrics.thresholds import IntArray, ThresholdPolicy
from results.statistics.bootstrap import bca
from results.store.cells import Cells
from results.studies.factorial import Factorial, Levels, fused, largest_factorial

DECIMALS = 12
"""To which differences are rounded, so that equal methods differ by 0 in whatever order numbers are added."""
BATCH = 1000
"""Resamples that are computed at once."""


@dataclass(frozen=True)
class Combination:
    """One combination of levels, and the method that has them.

    Attributes:
        levels: one of each of `results.studies.factorial.FACTORS`.
        spec: short text of the method; a method of one layer has every level of fusing.
        fused: whether several layers are fused.
        iou: pooled over the defective images, mean over the seeds, in [0, 1].
    """

    levels: Levels
    spec: str
    fused: bool
    iou: float


@dataclass(frozen=True)
class Effect:
    """The main effect of one level of one factor.

    Attributes:
        factor: one of `results.studies.factorial.FACTORS`.
        level: its name.
        iou: mean over all combinations of the other factors, in [0, 1]; for a way of fusing, over methods of several
            layers only.
        difference: to the mean of the factor's first level; None for the first level.
        interval: 95 % interval of the difference; None for the first level, and with fewer than two items.
    """

    factor: str
    level: str
    iou: float
    difference: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Interaction:
    """A two-way interaction: how much the effect of a level depends on the level of another factor.

    Attributes:
        levels: a level of each of the two factors; both are compared with the first level of their factor.
        value: difference of the differences in IoU, from -2 to 2; 0 where the two effects add up.
    """

    levels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Effects:
    """The main effects in one full factorial design among the methods of a run.

    Attributes:
        delta: δ of all rules, in percent; None where no method has a rule.
        policy: how thresholds were chosen.
        items: number of physical items with a defect; the bootstrap draws them.
        combinations: the design itself.
        rows: one for each level, by factor.
        interaction: the largest two-way interaction; None where no two factors can interact.
    """

    delta: float | None
    policy: ThresholdPolicy
    items: int
    combinations: tuple[Combination, ...]
    rows: tuple[Effect, ...]
    interaction: Interaction | None


def effects(cells: Cells, policy: ThresholdPolicy) -> Effects | None:
    """Return the main effects in the largest full factorial design among the methods, None where there is none.

    A method of one layer has nothing to fuse, so it stands for every way of fusing; ways of fusing are compared among
    methods of several layers only. Intervals are from a BCa bootstrap over physical items, with the same resamples for
    all methods. Only defective test images that every method has with every seed are used.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    design = largest_factorial(cells.frame)
    if design is None:
        return None
    counts = _by_item(cells, design.specs, policy)
    if not len(counts):
        return None
    found = _pooled_iou(counts, np.ones(len(counts), dtype=np.int64))
    scored = dict(zip(design.specs, found.tolist(), strict=True))
    return Effects(
        delta=design.delta,
        policy=policy,
        items=len(counts),
        combinations=tuple(Combination(at, spec, fused(at), scored[spec]) for at, spec in design.combinations.items()),
        rows=tuple(_rows(design, counts, found)),
        interaction=_largest_interaction(design, found),
    )


def _rows(design: Factorial, counts: IntArray, found: FloatArray) -> list[Effect]:
    compared = [(factor, level) for factor, levels in design.varied.items() for level in levels[1:]]
    contrasts = np.stack([_contrast(design, {factor: level}) for factor, level in compared])
    values = np.round(contrasts @ found, DECIMALS).tolist()
    differences = dict(zip(compared, values, strict=True))
    intervals = dict(zip(compared, _intervals(counts, contrasts), strict=True))
    return [
        Effect(
            factor=factor,
            level=level,
            iou=float(design.weights({factor: level}) @ found),
            difference=differences.get((factor, level)),
            interval=intervals.get((factor, level)),
        )
        for factor, levels in design.varied.items()
        for level in levels
    ]


def _contrast(design: Factorial, chosen: dict[str, str]) -> FloatArray:
    """Return the contrast of a level and the first level, or of two levels for their interaction, (specs,)."""
    total = np.zeros(len(design.specs))
    for replaced in product((False, True), repeat=len(chosen)):
        corner = {
            factor: design.varied[factor][0] if first else level
            for first, (factor, level) in zip(replaced, chosen.items(), strict=True)
        }
        total += (-1) ** sum(replaced) * design.weights(corner)
    return total


def _largest_interaction(design: Factorial, found: FloatArray) -> Interaction | None:
    seen = []
    for pair in combinations(design.varied, 2):
        for levels in product(*(design.varied[factor][1:] for factor in pair)):
            chosen = dict(zip(pair, levels, strict=True))
            seen.append(Interaction(chosen, float(_contrast(design, chosen) @ found)))
    # NaN where a corner of the contrast has no method: one layer is not fused.
    return max((one for one in seen if not math.isnan(one.value)), key=lambda one: abs(one.value), default=None)


def _by_item(cells: Cells, specs: list[str], policy: ThresholdPolicy) -> IntArray:
    """Return tp, fp and fn, (items, seeds, specs, 3), over the defective test images that all `specs` have."""
    known = cells.where(readable(cells))
    if not set(specs) <= set(known.frame["spec"]):
        return np.zeros((0, 1, len(specs), 3), dtype=np.int64)
    parts = []
    for spec in specs:
        frame, counts = image_counts(known.where(known.frame["spec"] == spec), policy)
        part = frame[["seed", "image", "group", "spec"]].assign(tp=counts.tp, fp=counts.fp, fn=counts.fn)
        parts.append(part[counts.tp + counts.fn > 0])
    table = pd.concat(parts)
    seeds = table["seed"].nunique()
    table = table[table.groupby("image")["spec"].transform("size") == len(specs) * seeds]
    item, seed = (pd.factorize(table[key], sort=True)[0] for key in ("group", "seed"))
    place = pd.Index(specs).get_indexer(pd.Index(table["spec"]))
    summed = np.zeros((table["group"].nunique(), seeds, len(specs), 3), dtype=np.int64)
    np.add.at(summed, (item, seed, place), table[["tp", "fp", "fn"]].to_numpy())
    return summed


def _pooled_iou(counts: IntArray, times: IntArray) -> FloatArray:
    """Return the pooled IoU, (..., specs), as mean over the seeds, where each item is drawn `times`, (..., items)."""
    # In float64 the product is many times faster than in int64, and exact up to 2^53 pixels.
    summed = np.tensordot(times.astype(np.float64), counts.astype(np.float64), axes=1).astype(np.int64)
    tp, fp, fn = np.moveaxis(summed, -1, 0)
    mean: FloatArray = iou(Counts(tp, fp, fn, np.zeros_like(tp))).mean(-2)
    return mean


def _intervals(counts: IntArray, contrasts: FloatArray) -> list[tuple[float, float] | None]:
    """Return the interval of each of the `contrasts`, (M, specs), of the pooled IoU, from one bootstrap over items."""
    items = len(counts)
    if items < 2:
        return [None] * len(contrasts)

    def statistic(drawn: IntArray) -> FloatArray:
        rows = drawn.reshape(-1, drawn.shape[-1])
        places = rows + items * np.arange(len(rows))[:, None]
        times = np.bincount(places.ravel(), minlength=items * len(rows)).reshape(*drawn.shape[:-1], items)
        return np.round(np.moveaxis(_pooled_iou(counts, times) @ contrasts.T, -1, 0), DECIMALS)

    return [(float(low), float(high)) for low, high in zip(*bca(items, statistic, batch=BATCH), strict=True)]
