"""Scores of readings: how far each open question of the papers moves the IoU of a method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from results.errors import ResultError
from results.metrics.counts import BoolArray, Counts
from results.metrics.formulas import image_iou, iou
from results.metrics.scoring import image_counts
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.bootstrap import interval, per_item
from results.store.cells import GOOD, Cells
from results.store.published import published_value

OVER_QUESTION = "counted over"
DEFECTIVE = "defective images"


@dataclass(frozen=True)
class Asked:
    """One reading of a method.

    Attributes:
        method: short text of the default's spec.
        answers: the pairs (question, answer) in which it differs from the default; none for the default itself.
        spec: short text of the spec whose cells are scored.
        run: name of the run that has these cells.
        over: which pixels are counted, a key of `OVER`.
    """

    method: str
    answers: tuple[tuple[str, str], ...]
    spec: str
    run: str
    over: str = DEFECTIVE

    @property
    def is_default(self) -> bool:
        """Tell whether this is the default reading."""
        return not self.answers

    @property
    def changes_the_map(self) -> bool:
        """Tell whether other heatmaps are scored, and not those of the default counted in another way."""
        return self.over == DEFECTIVE


@dataclass(frozen=True)
class Scored:
    """The IoU of one reading, in [0, 1]; NaN where it is not known.

    Attributes:
        asked: the reading.
        train: on training images, over all folds and seeds.
        val: on validation images, over all folds and seeds.
        low, high: 95 % interval of `val` over physical items.
        test: on test images; only of the default and of the chosen reading.
        chosen: whether it has the best `val` of the readings that change the heatmap.
        published: the IoU of the default that a paper prints, or NaN.
    """

    asked: Asked
    train: float
    val: float
    low: float
    high: float
    test: float
    chosen: bool
    published: float


@dataclass(frozen=True)
class Question:
    """How far a question moves a method: the answer whose validation IoU differs most from the default's."""

    method: str
    question: str
    answer: str
    moved: float


def _pooled(counts: Counts, images: BoolArray) -> float:
    return float(iou(counts.of(images).pooled()))


OVER: dict[str, Callable[[pd.DataFrame, Counts], float]] = {
    DEFECTIVE: lambda _, counts: _pooled(counts, counts.tp + counts.fn > 0),
    "all images": lambda _, counts: _pooled(counts, np.ones(counts.tp.shape, dtype=np.bool_)),
    "images called defective": lambda frame, counts: _pooled(
        counts, ~frame["predicted"].isin([GOOD, ""]).to_numpy(dtype=bool)
    ),
    "each defective image": lambda _, counts: image_iou(counts.of(counts.tp + counts.fn > 0)),
}
"""Over which images the IoU is taken: the last one averages the IoU of images, the others pool their pixel counts."""


def score_readings(
    asked: Sequence[Asked], runs: dict[str, Cells], policy: ThresholdPolicy, dataset: str
) -> list[Scored]:
    """Score readings on training and validation images, and the default and the chosen reading on test images too.

    Args:
        asked: every reading of every method, including the defaults.
        runs: cells by the name of their run.
        policy: how thresholds are chosen.
        dataset: name of the dataset whose published numbers are looked up.

    Raises:
        ResultError: a spec has no validation images on which a reading could be chosen.
    """
    found = [_scored(one, _of(one, runs), policy, dataset) for one in asked]
    best = {method: _best([one for one in found if one.asked.method == method]) for method in _methods(found)}
    rows = []
    for one in found:
        chosen = one is best[one.asked.method]
        known = one.asked.is_default or chosen
        test = _iou(_of(one.asked, runs), policy, "test", one.asked.over) if known else np.nan
        rows.append(replace(one, chosen=chosen, test=test))
    return rows


def choose(asked: Sequence[Asked], runs: dict[str, Cells], policy: ThresholdPolicy) -> list[Asked]:
    """Return the reading of each method that is best on validation images, the first of equally good ones."""
    found = [_scored(one, _of(one, runs), policy, "") for one in asked if one.changes_the_map]
    return [_best([one for one in found if one.asked.method == method]).asked for method in _methods(found)]


def questions(rows: Sequence[Scored]) -> list[Question]:
    """Return how far each question alone moves each method on validation images, the largest change first."""
    default = {row.asked.method: row.val for row in rows if row.asked.is_default}
    farthest: dict[tuple[str, str], Question] = {}
    for row in rows:
        if len(row.asked.answers) != 1 or np.isnan(row.val):
            continue
        ((question, answer),) = row.asked.answers
        moved = row.val - default[row.asked.method]
        key = row.asked.method, question
        if key not in farthest or abs(moved) > abs(farthest[key].moved):
            farthest[key] = Question(row.asked.method, question, answer, moved)
    return sorted(farthest.values(), key=lambda one: (one.method, -abs(one.moved)))


def _scored(asked: Asked, cells: Cells, policy: ThresholdPolicy, dataset: str) -> Scored:
    val = _iou(cells, policy, "val", asked.over)
    low, high = _interval(cells, policy) if asked.changes_the_map else (np.nan, np.nan)
    published = published_value(asked.method, dataset, "iou")
    train = _iou(cells, policy, "train", asked.over) if asked.changes_the_map else np.nan
    return Scored(
        asked, train, val, low, high, np.nan, chosen=False, published=np.nan if published is None else published / 100
    )


def _iou(cells: Cells, policy: ThresholdPolicy, split: str, over: str) -> float:
    """Return the IoU as mean over the seeds; NaN where the split has no cells."""
    here = cells.where(cells.frame["split"] == split)
    if not len(here.frame):
        return np.nan
    seeds = sorted(here.frame["seed"].unique())
    return float(
        np.mean([OVER[over](*image_counts(here.where(here.frame["seed"] == one), policy, split)) for one in seeds])
    )


def _interval(cells: Cells, policy: ThresholdPolicy) -> tuple[float, float]:
    frame, counts = image_counts(cells, policy, "val")
    defective = counts.tp + counts.fn > 0
    return interval(per_item(counts.of(defective), frame["group"][defective].tolist()), iou)


def _of(asked: Asked, runs: dict[str, Cells]) -> Cells:
    cells = runs[asked.run]
    found = cells.where(cells.frame["spec"] == asked.spec)
    if not (found.frame["split"] == "val").any():
        raise ResultError(f"{asked.spec} was not run on validation images, so that no reading of it can be chosen")
    return found


def _best(rows: list[Scored]) -> Scored:
    return max((row for row in rows if row.asked.changes_the_map), key=lambda row: np.nan_to_num(row.val, nan=-1))


def _methods(rows: Sequence[Scored]) -> list[str]:
    return list(dict.fromkeys(row.asked.method for row in rows))
