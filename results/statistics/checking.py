"""Is a run as good as a baseline? Both are compared cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from results.errors import ResultError
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.comparison import Comparison, compare
from results.statistics.pairing import Pairing, counted, paired
from results.store.cells import IDENTITY, Cells
from results.store.manifest import Manifest
from results.store.record import Record
from results.store.run_store import RunStore

FIELDS = (
    "dataset", "dataset_fingerprint", "size", "folds", "network", "weights", "recipe", "target", "evaluate_at",
)  # fmt: skip
"""The fields of a manifest in which two runs must agree."""
OF_EACH = ("split_fingerprint", "fingerprint")
"""The fields of each classifier of both runs in which they must agree."""
RELEASE = "cam-bench"
"""The one version that may differ in an exact check, which compares releases."""


@dataclass(frozen=True)
class UnmatchedCells:
    """Cells of a method that only one of two runs has.

    Attributes:
        method: its short text.
        cells: how many.
        whole: the other run has none of the method.
    """

    method: str
    cells: int
    whole: bool


@dataclass(frozen=True)
class Changed:
    """Cells of a method whose histograms or status are no longer the same.

    Attributes:
        method: its short text.
        cells: how many.
        of: how many both runs have.
    """

    method: str
    cells: int
    of: int


@dataclass(frozen=True)
class Check:
    """How a run compares with a baseline.

    Attributes:
        manifest: of the run.
        policy: how thresholds were chosen.
        tolerance: IoU, in [0, 1]; smaller differences count as none.
        comparisons: run minus baseline, one for each method of both, in the order of the run.
        only_run, only_baseline: cells that the other one does not have.
        forced: the fields in which the runs must agree and do not; empty unless the check was forced.
        changed: one for each method of both, in an exact check; else None.
    """

    manifest: Manifest
    policy: ThresholdPolicy
    tolerance: float
    comparisons: tuple[Comparison, ...]
    only_run: tuple[UnmatchedCells, ...]
    only_baseline: tuple[UnmatchedCells, ...]
    forced: tuple[str, ...]
    changed: tuple[Changed, ...] | None

    @property
    def passed(self) -> bool:
        """Tell whether no method is worse and, in an exact check, no cell has changed."""
        worse = any(one.verdict == "worse" for one in self.comparisons)
        return not worse and not any(one.cells for one in self.changed or ())


def check(
    run: RunStore, baseline: RunStore, policy: ThresholdPolicy, tolerance: float, *, exact: bool, force: bool
) -> Check:
    """Compare every method of `run` with the same method of `baseline`, on the images that both have.

    Args:
        run: to be checked.
        baseline: to compare it with.
        policy: how thresholds are chosen in both.
        tolerance: IoU, in [0, 1]; smaller differences count as none.
        exact: compare the histograms bit for bit too; device and versions must then be the same.
        force: compare runs that do not agree in all that they must.

    Raises:
        ResultError: a folder holds no run or one of a newer release, the runs may not be compared, or they share no
            method.
    """
    differing = differences(run.manifest(), baseline.manifest(), exact=exact)
    if differing and not force:
        raise ResultError(
            f"{run.folder} and {baseline.folder} may not be compared: they differ in {'; '.join(differing)}. Make the "
            "run again as the baseline was made, or compare them all the same with --force"
        )
    own, others = run.cells(), baseline.cells()
    specs = [spec for spec in own.frame["spec"].drop_duplicates() if spec in set(others.frame["spec"])]
    pairings = {(spec, spec): _paired(own, others, spec, policy) for spec in specs}
    shared = {names: one for names, one in pairings.items() if one.images}
    if not shared:
        raise ResultError(f"{run.folder} and {baseline.folder} share no method on a defective test image with a mask")
    keys, other_keys = _keys(own), _keys(others)
    return Check(
        manifest=run.manifest(),
        policy=policy,
        tolerance=tolerance,
        comparisons=tuple(compare(shared, tolerance)),
        only_run=_unmatched(keys, other_keys),
        only_baseline=_unmatched(other_keys, keys),
        forced=tuple(differing),
        changed=tuple(_changed(own, others, spec) for spec in specs) if exact else None,
    )


def differences(manifest: Manifest, other: Manifest, *, exact: bool = False) -> list[str]:
    """Return the fields in which two runs must agree and do not, each with both values as a text.

    Args:
        manifest: of one run.
        other: of the other.
        exact: the type of the device and the versions of the libraries must agree too.
    """
    pairs: list[tuple[str, Any, Any]] = [(key, getattr(manifest, key), getattr(other, key)) for key in FIELDS]
    classifiers, theirs = manifest.classifiers, other.classifiers
    common = [name for name in classifiers if name in theirs]
    for name in common:
        one, two = classifiers[name], theirs[name]
        pairs += [(f"{key} of {name}", getattr(one, key), getattr(two, key)) for key in OF_EACH]
    if not common and all(one == two for _, one, two in pairs):
        pairs.append(("classifiers", ", ".join(classifiers), ", ".join(theirs)))
    if exact:
        pairs.append(("device", manifest.device.split(":")[0], other.device.split(":")[0]))
        own, others = manifest.versions, other.versions
        names = sorted({*own, *others} - {RELEASE})
        pairs += [(f"version of {name}", own.get(name), others.get(name)) for name in names]
    return [f"{key} ({_plain(one)} and {_plain(two)})" for key, one, two in pairs if one != two]


def _plain(value: Any) -> str:
    """Write a value of a manifest as a phrase."""
    if isinstance(value, Record):
        value = value.named()
    if isinstance(value, dict):
        return " ".join(f"{key}={one}" for key, one in value.items())
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _paired(own: Cells, others: Cells, spec: str, policy: ThresholdPolicy) -> Pairing:
    sides = [cells.where(cells.frame["spec"] == spec) for cells in (own, others)]
    first, second = (counted(cells, policy) for cells in sides)
    if first.empty != second.empty:
        # A method that is no longer applicable counts as an empty prediction, or its loss would pass unseen.
        first, second = (counted(cells, policy, answered=False) for cells in sides)
    return paired(first, second)


def _keys(cells: Cells) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(cells.frame[IDENTITY])


def _unmatched(keys: pd.MultiIndex, others: pd.MultiIndex) -> tuple[UnmatchedCells, ...]:
    specs = keys[~keys.isin(others)].get_level_values("spec")
    known = set(others.get_level_values("spec"))
    counts = specs.value_counts(sort=False)
    return tuple(UnmatchedCells(str(spec), int(count), spec not in known) for spec, count in counts.items())


def _changed(own: Cells, others: Cells, spec: str) -> Changed:
    one, other = (cells.where(cells.frame["spec"] == spec) for cells in (own, others))
    places = _keys(other).get_indexer(_keys(one))
    rows, theirs = np.flatnonzero(places >= 0), places[places >= 0]
    same: Sequence[Any] = (
        (one.defect[rows] == other.defect[theirs]).all(1)
        & (one.other[rows] == other.other[theirs]).all(1)
        & (one.frame["status"].to_numpy()[rows] == other.frame["status"].to_numpy()[theirs])
    )
    return Changed(spec, int(len(rows) - np.sum(same)), len(rows))
