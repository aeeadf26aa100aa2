"""Sweeps over δ: the IoU at each δ, and the IoU on test images at a δ that was chosen on another split.

A family is what the specs of a sweep have in common: a spec without the δ of its rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from results.errors import ResultError
from results.metrics.counts import COUNTS
from results.metrics.scoring import image_counts, readable
from results.metrics.thresholds import ThresholdPolicy, check_unsupervised
from results.statistics.breakdown import item_interval, row_iou
from results.status import USABLE, Status
from results.store.cells import Cells

Families = Mapping[str, Mapping[float, str]]
"""By family: the short text of the spec at each δ, in percent."""
ChosenOn = Literal["default", "train", "val", "test"]
Supervision = Literal["none", "masks of training", "masks of validation", "masks of test"]

SUPERVISION: dict[ChosenOn, Supervision] = {
    "default": "none",
    "train": "masks of training",
    "val": "masks of validation",
    "test": "masks of test",
}
"""The masks that a δ was chosen on."""


@dataclass(frozen=True)
class Estimate:
    """The IoU pooled over defective images.

    Attributes:
        iou: pooled over all folds, mean over the seeds, in [0, 1]; NaN where undefined.
        low, high: 95 % interval over physical items, each drawn with all its seeds and folds.
        images: number of images that were scored.
        items: number of physical items that they show.
        failed: number of images without a usable heatmap with at least one classifier; these are empty predictions.
    """

    iou: float
    low: float
    high: float
    images: int
    items: int
    failed: int


@dataclass(frozen=True)
class Curve:
    """The IoU of a family on the images of one split, by δ in percent, ascending."""

    family: str
    split: str
    points: dict[float, Estimate]


@dataclass(frozen=True)
class Choice:
    """The IoU of a family on test images, at a δ that was chosen.

    Attributes:
        family: of specs.
        chosen_on: the split whose masks δ was chosen on, or ``default``.
        deltas: δ in percent for each classifier: a tuple for each seed with an entry for each fold; NaN where there was
            no image to choose on.
        test: the IoU on test images; undefined where one δ is.
    """

    family: str
    chosen_on: ChosenOn
    deltas: tuple[tuple[float, ...], ...]
    test: Estimate

    @property
    def supervision(self) -> Supervision:
        """The masks that δ was chosen on."""
        return SUPERVISION[self.chosen_on]

    @property
    def is_oracle(self) -> bool:
        """Tell whether δ was chosen on the masks of the test images, so that this is never a result."""
        return self.chosen_on == "test"


@dataclass(frozen=True)
class Sweep:
    """Curves and choices of all families.

    Attributes:
        policy: how thresholds were chosen.
        default: the δ, in percent, that is used where none is chosen.
        curves: by family, then by split.
        choices: by family: the default δ, the δ chosen on training and on validation images, and the best one on test.
        absent: why a family is not applicable to this network, by family; it has neither curves nor choices.
        unread: number of images that could not be read; they are not scored.
        unmasked: number of images whose masks are not known; they are not scored.
    """

    policy: ThresholdPolicy
    default: float
    curves: tuple[Curve, ...]
    choices: tuple[Choice, ...]
    absent: dict[str, str]
    unread: int
    unmasked: int = 0


NO_ESTIMATE = Estimate(math.nan, math.nan, math.nan, 0, 0, 0)
"""The estimate from no images."""


def score_sweep(
    cells: Cells, families: Families, splits: Sequence[str], policy: ThresholdPolicy, default: float
) -> Sweep:
    """Score every δ of every family.

    The chosen δ is the one with the best IoU on the defective images of one split, the lowest of equally good ones. It
    is chosen for each fold and seed alone, so that no fold learns from its own test images. The best δ on test is the
    same for all folds and seeds: the peak of the curve.

    Args:
        cells: of a run.
        families: whose specs have the same cells at every δ.
        splits: that have curves, and on which δ is chosen, e.g. ``("train", "test")``.
        policy: how thresholds are chosen.
        default: the δ, in percent, that is used where none is chosen.

    Raises:
        ResultError: the policy reads masks, no image could be read, a δ lacks cells that another one has, or no family
            is applicable to this network.
    """
    check_unsupervised(policy)
    found = cells.where(cells.frame["split"].isin(splits))
    by_family = {family: found.where(found.frame["spec"].isin(specs.values())) for family, specs in families.items()}
    absent = _absent(by_family)
    curves: list[Curve] = []
    choices: list[Choice] = []
    for family, specs in families.items():
        if family not in absent:
            rows = _counted(by_family[family], specs, policy)
            drawn = {split: _curve(family, split, rows, sorted(specs)) for split in splits}
            curves += drawn.values()
            choices += _choices(family, rows, drawn, default)
    scored = found.where(~found.frame["spec"].isin([spec for family in absent for spec in families[family].values()]))
    unmasked = scored.frame["unmasked"]
    unread = scored.frame["image"][~readable(scored) & ~unmasked].nunique()
    unknown = scored.frame["image"][unmasked].nunique()
    return Sweep(policy, default, tuple(curves), tuple(choices), absent, unread, unknown)


def _absent(by_family: Mapping[str, Cells]) -> dict[str, str]:
    """Return why some families are not applicable, by family.

    Raises:
        ResultError: there is nothing to score a family on, or none is applicable.
    """
    absent = {}
    for family, own in by_family.items():
        if not own.defect.any():
            raise ResultError(f"the run has no defective image that could be read and has a mask, to score {family} on")
        if (own.frame["status"] == Status.NOT_APPLICABLE).all():
            absent[family] = str(own.frame["reason"].iloc[0])
    if len(absent) == len(by_family):
        reasons = "; ".join(f"{family}: {reason}" for family, reason in absent.items())
        raise ResultError(f"no method of this sweep is applicable to this network ({reasons})")
    return absent


def _counted(cells: Cells, specs: Mapping[float, str], policy: ThresholdPolicy) -> pd.DataFrame:
    """Return δ, classifier, image, item and pixel counts of each cell whose image is defective and could be read."""
    delta_of = {spec: delta for delta, spec in specs.items()}
    parts = []
    for split in cells.frame["split"].unique():
        frame, counts = image_counts(cells, policy, split)
        part = frame[["seed", "fold", "split", "image", "group", "status"]].assign(**counts.columns())
        parts.append(part.assign(delta=frame["spec"].map(delta_of))[counts.tp + counts.fn > 0])
    rows = pd.concat(parts, ignore_index=True)
    _check_complete(rows, specs)
    return rows


def _check_complete(rows: pd.DataFrame, specs: Mapping[float, str]) -> None:
    """Raise `ResultError` unless all δ were computed on the same images with the same classifiers."""
    known = {
        delta: set(rows.loc[rows["delta"] == delta, ["seed", "fold", "split", "image"]].itertuples(index=False))
        for delta in specs
    }
    everything = set().union(*known.values())
    for delta, there in known.items():
        if lacking := len(everything) - len(there):
            raise ResultError(
                f"the run lacks {lacking} of {len(everything)} cells of {specs[delta]}, so its δ cannot be compared "
                "with the others; run the sweep to its end first"
            )


def _curve(family: str, split: str, rows: pd.DataFrame, deltas: Sequence[float]) -> Curve:
    own = rows[rows["split"] == split]
    return Curve(family, split, {delta: _estimate(own[own["delta"] == delta]) for delta in deltas})


def _estimate(rows: pd.DataFrame) -> Estimate:
    """Pool the counts of `rows`, in which each classifier has one δ."""
    if rows.empty:
        return NO_ESTIMATE
    low, high = item_interval(rows)
    return Estimate(
        iou=float(row_iou(rows.groupby("seed")[COUNTS].sum()).mean()),
        low=low,
        high=high,
        images=rows["image"].nunique(),
        items=rows["group"].nunique(),
        failed=rows["image"][~rows["status"].isin(USABLE)].nunique(),
    )


def _choices(family: str, rows: pd.DataFrame, curves: Mapping[str, Curve], default: float) -> list[Choice]:
    """Return a choice for each way to choose δ, in the order of `SUPERVISION`."""
    seeds, folds = sorted(rows["seed"].unique()), sorted(rows["fold"].unique())
    found: dict[ChosenOn, Choice] = {}

    def one_for_all(chosen_on: ChosenOn, delta: float) -> None:
        deltas = ((delta,) * len(folds),) * len(seeds)
        found[chosen_on] = Choice(family, chosen_on, deltas, curves["test"].points[delta])

    if "test" in curves:
        points = curves["test"].points
        if default in points:
            one_for_all("default", default)
        # `max` returns the first of equal points, and points are in the order of δ.
        if any(point.images for point in points.values()):
            one_for_all("test", max(points, key=lambda delta: points[delta].iou))
    tested = rows[rows["split"] == "test"]
    on: ChosenOn
    for on in ("train", "val"):
        if on in curves:
            best = _best(rows[rows["split"] == on])
            deltas = tuple(tuple(best.get((seed, fold), math.nan) for fold in folds) for seed in seeds)
            everywhere = len(best) == len(seeds) * len(folds)
            found[on] = Choice(family, on, deltas, _estimate(_at(tested, best)) if everywhere else NO_ESTIMATE)
    return [found[on] for on in SUPERVISION if on in found]


def _best(rows: pd.DataFrame) -> dict[tuple[int, int], float]:
    """Return the δ with the best pooled IoU for each (seed, fold) that has rows, the lowest of equally good ones."""
    values = row_iou(rows.groupby(["seed", "fold", "delta"])[COUNTS].sum())
    # The index is sorted, so the first maximum is that of the lowest δ.
    return {(seed, fold): delta for seed, fold, delta in values.groupby(["seed", "fold"]).idxmax()}


def _at(rows: pd.DataFrame, deltas: Mapping[tuple[int, int], float]) -> pd.DataFrame:
    """Return the rows of each classifier at its own δ."""
    own = [deltas[classifier] for classifier in zip(rows["seed"], rows["fold"], strict=True)]
    return rows[rows["delta"] == own]
