"""From the cells of a run to the rows of its table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from results.errors import ResultError
from results.metrics.counts import BoolArray, Counts, counts_at
from results.metrics.formulas import METRICS, scores
from results.metrics.thresholds import IntArray, ThresholdPolicy, thresholds
from results.status import USABLE, Status
from results.store.cells import Cells

DOMINANT = 0.9
"""Where one layer gives a larger share of the maximum than this, a fused map is a one-layer map in disguise."""
EQUAL = 0.05
"""Two rows are equal where pixels differ by fewer levels of 256 than this, in the mean over pixels and images."""


@dataclass(frozen=True)
class Row:
    """One method in the table of a run.

    Attributes:
        spec: its short text.
        chance: the method knows nothing of the defect, so that it is never the best.
        mean: of every metric over the seeds of the classifiers, in [0, 1]; NaN where undefined.
        spread: standard deviation over the seeds; None with one seed.
        images: how many were scored.
        empty: on how many of them the map is zero everywhere with at least one seed: no evidence of a defect.
        empty_defective: how many of those show a defect.
        constant: on how many of them the map has another value everywhere, an empty prediction that earns nothing.
        constant_defective: how many of those show a defect.
        failed: on how many of them there is no finite map, an empty prediction that earns nothing.
        failed_defective: how many of those show a defect.
        unread: images that could not be read; they are scored for no method.
        unmasked: images that show a defect, and whose masks are not known; they are scored for no method.
        reason: of the failures, or why the method is not applicable.
        applicable: False where the method is not defined for this network; then nothing is measured.
        dominant: (layer, share) where one of several layers has a share of more than `DOMINANT`.
        supervision: the masks that the threshold was chosen with.
        noted: on how many of the images there is a note on the map, with at least one seed.
        note: the one of the map with the largest deviation, or the first.
        remark: how the method departs from its paper.
    """

    spec: str
    chance: bool
    mean: dict[str, float]
    spread: dict[str, float] | None
    images: int
    empty: int
    empty_defective: int
    constant: int
    constant_defective: int
    failed: int
    failed_defective: int
    unread: int
    unmasked: int
    reason: str
    applicable: bool
    dominant: tuple[str, float] | None
    supervision: str
    noted: int = 0
    note: str = ""
    remark: str = ""


def score_rows(cells: Cells, policy: ThresholdPolicy) -> list[Row]:
    """Score every method on the test images, in the order in which the methods were asked for.

    Pixel counts are pooled over the defective images of all folds; every seed gives one value of each metric.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    return [
        _row(spec, cells.where(cells.frame["spec"] == spec), policy) for spec in cells.frame["spec"].drop_duplicates()
    ]


def image_counts(cells: Cells, policy: ThresholdPolicy, split: str = "test") -> tuple[pd.DataFrame, Counts]:
    """Count the true and false positives and negatives of one method in every image of a split, with all classifiers.

    Returns:
        The rows of `Cells.frame` whose pixels are known (see `readable`), and their counts in the same order; without
        a usable map no pixel is predicted positive.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    known, cut = thresholded(cells, policy, split)
    return known.frame, counts_at(known.defect, known.other, cut, usable(known))


def thresholded(cells: Cells, policy: ThresholdPolicy, split: str = "test") -> tuple[Cells, IntArray]:
    """Return the cells of a split whose pixels are known (see `readable`), and their thresholds, (N,).

    Thresholds are chosen for the classifier of each fold and seed alone.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    known = cells.where(readable(cells))
    classifiers = known.frame[["fold", "seed"]].drop_duplicates().itertuples(index=False)
    parts = [
        _thresholded(known.where((known.frame["fold"] == one.fold) & (known.frame["seed"] == one.seed)), policy, split)
        for one in classifiers
    ]
    if not parts:
        return known, np.zeros(0, dtype=np.int64)
    joined = Cells(
        pd.concat([part.frame for part, _ in parts], ignore_index=True),
        np.concatenate([part.defect for part, _ in parts]),
        np.concatenate([part.other for part, _ in parts]),
    )
    return joined, np.concatenate([cut for _, cut in parts])


def readable(cells: Cells) -> pd.Series[bool]:
    """Tell for each cell whether its image could be read, and its mask is known, so that its pixels can be counted."""
    return pd.Series((cells.defect + cells.other).any(axis=1))


def equal_rows(cells: Cells) -> list[tuple[str, ...]]:
    """Return the groups of methods whose histograms are the same but for rounding, so that their maps are too."""
    shown = (cells.frame["split"] == "test") & (cells.frame["status"] == Status.OK)
    test = cells.where(shown & readable(cells))
    cumulative = {
        spec: _by_image(test.where(test.frame["spec"] == spec)) for spec in test.frame["spec"].drop_duplicates()
    }
    groups: list[set[str]] = []
    for one, other in combinations(cumulative, 2):
        if not _equal(cumulative[one], cumulative[other]):
            continue
        touched = [group for group in groups if one in group or other in group]
        groups = [group for group in groups if group not in touched]
        groups.append({one, other}.union(*touched))
    return [tuple(spec for spec in cumulative if spec in group) for group in groups]


def _row(spec: str, cells: Cells, policy: ThresholdPolicy) -> Row:
    test = cells.where(cells.frame["split"] == "test")
    read, unmasked = test.where(readable(test)), test.frame[test.frame["unmasked"]]
    status, said = read.frame["status"], test.frame["reason"] != ""
    reasons = test.frame["reason"][said & ~test.frame["status"].isin(USABLE)]
    noted = test.frame[said & test.frame["status"].isin(USABLE)]
    applicable = status.empty or not (status == Status.NOT_APPLICABLE).all()
    scored = read if applicable else read.where(pd.Series(False, index=read.frame.index))
    seeds = sorted(cells.frame["seed"].unique())
    values = pd.DataFrame(
        [_scores(cells.where(cells.frame["seed"] == seed), policy) for seed in seeds]
        if len(scored.frame)
        else [dict.fromkeys(METRICS, np.nan)]
    )
    return Row(
        spec=spec,
        chance=bool(cells.frame["chance"].any()),
        mean={name: float(values[name].mean()) for name in METRICS},
        spread={name: float(values[name].std()) for name in METRICS} if len(values) > 1 else None,
        images=scored.frame["image"].nunique(),
        **_numbers(scored),
        unread=test.frame["image"].nunique() - read.frame["image"].nunique() - unmasked["image"].nunique(),
        unmasked=unmasked["image"].nunique(),
        reason=str(reasons.iloc[0]) if len(reasons) else "",
        applicable=applicable,
        dominant=_dominant(scored.frame),
        supervision=policy.supervision,
        noted=noted["image"].nunique(),
        note=_first_of_largest(noted),
        remark=str(cells.frame["remark"].iloc[-1]) if len(cells.frame) else "",
    )


KINDS = {
    "empty": {Status.EMPTY},
    "constant": {Status.CONSTANT},
    "failed": {Status.FAILED, Status.NOT_FINITE, Status.NOT_APPLICABLE},
}
"""What is counted of the maps that are not `OK`, by name of the number in a row."""


def _numbers(cells: Cells) -> dict[str, int]:
    """Return how many images have a map of each of `KINDS`, and how many of those show a defect."""
    found = {}
    defective = np.asarray(cells.defect.any(axis=1))
    for name, statuses in KINDS.items():
        of_kind = cells.frame["status"].isin(statuses)
        found[name] = int(cells.frame["image"][of_kind].nunique())
        found[f"{name}_defective"] = int(cells.frame["image"][of_kind & defective].nunique())
    return found


def _first_of_largest(noted: pd.DataFrame) -> str:
    """Return the note with the largest deviation, or the first where none has one."""
    deviations = noted["deviation"].fillna(0)
    return str(noted["reason"].iloc[int(deviations.argmax())]) if len(noted) else ""


def _scores(cells: Cells, policy: ThresholdPolicy) -> dict[str, float]:
    """Return the metrics of one method with the classifiers of one seed."""
    test, cut = thresholded(cells, policy)
    return scores(test.defect, test.other, usable(test), cut, np.asarray(test.defect.any(axis=1)))


def _thresholded(cells: Cells, policy: ThresholdPolicy, split: str) -> tuple[Cells, IntArray]:
    chosen = cells.where(cells.frame["split"] == split)
    validation = cells.where(cells.frame["split"] == "val")
    if policy.kind == "tuned" and not len(validation.frame):
        raise ResultError("this run has no validation images to tune on; run it again with --threshold tuned")
    return chosen, thresholds(policy, chosen.defect, chosen.other, validation=(validation.defect, validation.other))


def usable(cells: Cells) -> BoolArray:
    """Tell for each cell whether its heatmap answers where the defect is, (N,)."""
    return cells.frame["status"].isin(USABLE).to_numpy(dtype=bool)


def _dominant(frame: pd.DataFrame) -> tuple[str, float] | None:
    """Return the layer whose share of the maximum is above `DOMINANT` in the mean over the images."""
    fused = frame[(frame["status"] == Status.OK) & (frame["layer_names"].map(len) > 1)]
    if fused.empty:
        return None
    shares = np.nanmean(np.stack(fused["shares"].tolist()), axis=0)
    largest = int(shares.argmax())
    return (str(fused["layer_names"].iloc[0][largest]), float(shares[largest])) if shares[largest] > DOMINANT else None


def _by_image(cells: Cells) -> pd.Series:
    """Return the cumulative share of pixels by level for each image: (512,), defect pixels before the others."""
    both = np.concatenate([cells.defect, cells.other], axis=1).astype(float)
    share = (both / both.sum(1, keepdims=True)).cumsum(1)
    return pd.Series(list(share), index=pd.MultiIndex.from_frame(cells.frame[["fold", "seed", "image"]])).sort_index()


def _equal(one: pd.Series, other: pd.Series) -> bool:
    """Tell whether the histograms differ by less than `EQUAL` levels, in the earth mover's distance."""
    if not one.index.equals(other.index):
        return False
    moved = np.abs(np.stack(one.tolist()) - np.stack(other.tolist())).sum(1)
    return float(moved.mean()) < EQUAL
