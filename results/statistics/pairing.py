"""Two methods on the same images: the pixel counts of each on every physical item that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from results.metrics.counts import COUNTS, Counts
from results.metrics.scoring import image_counts
from results.metrics.thresholds import IntArray, ThresholdPolicy
from results.status import Status
from results.store.cells import Cells

_IMAGE = ["fold", "seed", "image"]


@dataclass(frozen=True, eq=False)
class Pairing:
    """The pixel counts of two methods on the defective test images that both have, with every seed that both have.

    Attributes:
        items: names of the physical items, (items,).
        seeds: of the classifiers, (seeds,).
        first: counts of one method, (items, seeds), summed over the images of each item.
        second: counts of the other.
        images: how many both have.
        left_out: how many only one of them has, or one of them not with every seed.
    """

    items: tuple[str, ...]
    seeds: tuple[int, ...]
    first: Counts
    second: Counts
    images: int
    left_out: int


def counted(cells: Cells, policy: ThresholdPolicy, *, answered: bool = True) -> pd.DataFrame:
    """Count the true and false positives and negatives of one method in every defective test image.

    Args:
        cells: of the method.
        policy: how thresholds are chosen.
        answered: leave out cells where the method is not applicable; else they are empty predictions.

    Returns:
        A row for each image and classifier, with the columns `fold, seed, image, group, tp, fp, fn, tn`.

    Raises:
        ResultError: the policy needs validation cells that the run does not have.
    """
    if answered:
        cells = cells.where(cells.frame["status"] != Status.NOT_APPLICABLE)
    frame, counts = image_counts(cells, policy)
    table = frame[[*_IMAGE, "group"]].assign(**counts.columns())
    return table[table["tp"] + table["fn"] > 0]


def paired(first: pd.DataFrame, second: pd.DataFrame) -> Pairing:
    """Pair the counts of two methods, both as `counted` returns them."""
    both = first.merge(second.drop(columns="group"), on=_IMAGE, suffixes=("", "_second"))
    seeds = tuple(sorted(both["seed"].unique().tolist()))
    whole = both.groupby("image")["seed"].transform("nunique") == len(seeds)
    both = both[whole]
    items = sorted(both["group"].unique().tolist())
    all_images = set(first["image"]) | set(second["image"])
    images = both["image"].nunique()
    return Pairing(
        items=tuple(items),
        seeds=seeds,
        first=Counts(*(_summed(both, name, items, seeds) for name in COUNTS)),
        second=Counts(*(_summed(both, f"{name}_second", items, seeds) for name in COUNTS)),
        images=images,
        left_out=len(all_images) - images,
    )


def _summed(table: pd.DataFrame, column: str, items: Sequence[str], seeds: Sequence[int]) -> IntArray:
    """Return (items, seeds), the sum of `column` over the images of each item."""
    found = np.zeros((len(items), len(seeds)), dtype=np.int64)
    place = pd.Index(items).get_indexer(pd.Index(table["group"])), pd.Index(seeds).get_indexer(pd.Index(table["seed"]))
    np.add.at(found, place, table[column].to_numpy(dtype=np.int64))
    return found
