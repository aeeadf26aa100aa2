"""Methods in several settings: compared with a reference in each, and ranked in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from results.errors import ResultError
from results.metrics.counts import COUNTS, FloatArray
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.breakdown import row_iou
from results.statistics.checking import differences
from results.statistics.comparison import Comparison, compare
from results.statistics.pairing import counted, paired
from results.statistics.permutation import LEVEL
from results.store.manifest import Manifest
from results.store.run_store import RunStore


@dataclass(frozen=True, eq=False)
class Setting:
    """A dataset with its classifiers, and the pixel counts of each method on it.

    Attributes:
        dataset: its name.
        network: name and head.
        manifest: of the first run.
        methods: pixel counts by short text, as `results.statistics.pairing.counted` returns them.
        chance: those of the methods that know nothing of the defect.
    """

    dataset: str
    network: str
    manifest: Manifest
    methods: dict[str, pd.DataFrame]
    chance: frozenset[str]

    @property
    def name(self) -> str:
        """Dataset and network, as reports name the setting."""
        return f"{self.dataset}, {self.network}"


@dataclass(frozen=True)
class Agreement:
    """How far several rankings of the same methods agree.

    Attributes:
        over: what differs between the rankings: ``folds``, ``seeds``, ``classifiers`` or ``datasets``.
        within: what all rankings share.
        rankings: number of rankings.
        methods: number of methods that are ranked; those of chance are not.
        w: Kendall's W, corrected for ties, from 0 (no agreement) to 1 (all rankings are the same).
    """

    over: str
    within: str
    rankings: int
    methods: int
    w: float


def compared_settings(runs: Iterable[RunStore], policy: ThresholdPolicy) -> list[Setting]:
    """Read runs, and join those of the same data and classifiers into one setting.

    Raises:
        ResultError: a folder holds no run, two runs of a setting differ in a method, or two settings have one name.
    """
    found: list[Setting] = []
    for run in runs:
        one = _setting(run, policy)
        same = next((other for other in found if not differences(one.manifest, other.manifest)), None)
        if same is None:
            if any(other.name == one.name for other in found):
                raise ResultError(f"{run.folder} is another run of {one.name}: leave it out, or use check --force")
            found.append(one)
            continue
        clash = [spec for spec in one.methods if spec in same.methods and not _same(one, same, spec)]
        if clash:
            raise ResultError(
                f"{run.folder} has other results of {clash[0]} than the runs before it: compare these runs with check"
            )
        joined = replace(same, methods=same.methods | one.methods, chance=same.chance | one.chance)
        found[found.index(same)] = joined
    return found


def against(setting: Setting, reference: str, *, all_pairs: bool = False) -> list[Comparison]:
    """Compare every method of a setting with a reference, or all with each other; p is corrected for their number.

    Raises:
        ResultError: the setting does not have the reference.
    """
    methods = setting.methods
    names = list(combinations(methods, 2)) if all_pairs else [(one, reference) for one in methods if one != reference]
    return _compared(setting, names, reference)


def duels(setting: Setting, challengers: Sequence[str], reference: str) -> list[Comparison]:
    """Compare some methods of a setting with a reference; p is corrected for their number.

    Raises:
        ResultError: the setting lacks the reference or one of the methods.
    """
    return _compared(setting, [(one, reference) for one in challengers if one != reference], reference, *challengers)


def item_ious(found: Sequence[Setting]) -> FloatArray:
    """Return the IoU of each item of all settings under each method that all settings have, (items, methods).

    The methods are in the order of `common`. Items on which a method was not run are left out.
    """
    methods = common(found)
    parts = []
    for setting in found:
        tables = [setting.methods[name].groupby("group")[COUNTS].sum() for name in methods]
        parts.append(pd.concat([row_iou(table) for table in tables], axis=1, join="inner").to_numpy())
    return np.concatenate(parts)


def common(found: Sequence[Setting]) -> list[str]:
    """Return the methods that all settings have, in the order of the first."""
    return [name for name in found[0].methods if all(name in setting.methods for setting in found)]


def mean_ranks(scores: FloatArray) -> FloatArray:
    """Return the mean rank of each method, (methods,), from scores (rankings, methods); the highest score has rank 1.

    >>> mean_ranks(np.array([[0.3, 0.2, 0.1], [0.3, 0.1, 0.2]]))
    array([1. , 2.5, 2.5])
    """
    mean: FloatArray = stats.rankdata(-scores, axis=1).mean(0)
    return mean


def critical_difference(methods: int, blocks: int) -> float:
    """Return Nemenyi's critical difference: methods whose mean ranks differ by more are different at the 5 % level.

    Args:
        methods: number of methods.
        blocks: number of rankings.

    >>> round(critical_difference(methods=5, blocks=30), 3)
    1.114
    """
    quantile = stats.studentized_range.ppf(1 - LEVEL, methods, np.inf)
    return float(quantile * np.sqrt(methods * (methods + 1) / (12 * blocks)))


def by_classifier(setting: Setting, methods: Sequence[str]) -> pd.DataFrame:
    """Return the pooled IoU of each classifier: a row for each (fold, seed), a column for each method."""
    tables = {name: setting.methods[name].groupby(["fold", "seed"])[COUNTS].sum() for name in methods}
    return pd.DataFrame({name: row_iou(table) for name, table in tables.items()}).dropna()


def agreements(found: Sequence[Setting]) -> Iterator[Agreement]:
    """Yield how far rankings agree over folds, seeds, classifiers and datasets, where there are several."""
    for setting in found:
        for over, key in (("folds", "fold"), ("seeds", "seed")):
            methods = _informed(list(setting.methods), [setting])
            sums = {name: setting.methods[name].groupby(key)[COUNTS].sum() for name in methods}
            scores = pd.DataFrame({name: row_iou(table) for name, table in sums.items()}).dropna()
            yield from _agreement(over, setting.name, scores.to_numpy())
    for over, shared, differing in (("classifiers", "dataset", "network"), ("datasets", "network", "dataset")):
        for value in dict.fromkeys(getattr(setting, shared) for setting in found):
            own = [setting for setting in found if getattr(setting, shared) == value]
            if len({getattr(setting, differing) for setting in own}) > 1:
                methods = _informed(common(own), own)
                pooled = np.array([[_whole(setting.methods[name]) for name in methods] for setting in own])
                yield from _agreement(over, value, pooled)


def _agreement(over: str, within: str, scores: FloatArray) -> Iterator[Agreement]:
    rankings, methods = scores.shape
    if rankings > 1 and methods > 2:
        friedman = stats.friedmanchisquare(*scores.T).statistic
        yield Agreement(over, within, rankings, methods, float(friedman / (rankings * (methods - 1))))


def _compared(setting: Setting, names: Sequence[tuple[str, str]], *needed: str) -> list[Comparison]:
    methods = setting.methods
    if not methods:
        raise ResultError(f"{setting.name} has no defective test image with a mask to compare methods on")
    for name in needed:
        if name not in methods:
            raise ResultError(f"{setting.name} has no {name}, or it is not applicable; there are {', '.join(methods)}")
    pairings = {(one, other): paired(methods[one], methods[other]) for one, other in names}
    return compare({pair: one for pair, one in pairings.items() if one.images})


def _setting(run: RunStore, policy: ThresholdPolicy) -> Setting:
    manifest, cells = run.manifest(), run.cells()
    network = manifest.network
    tables = {spec: counted(cells.where(cells.frame["spec"] == spec), policy) for spec in cells.frame["spec"].unique()}
    return Setting(
        dataset=manifest.called,
        network=f"{network.name} {network.head}",
        manifest=manifest,
        methods={str(spec): table for spec, table in tables.items() if len(table)},
        chance=frozenset(cells.frame["spec"][cells.frame["chance"]]),
    )


def _same(one: Setting, other: Setting, spec: str) -> bool:
    pairing = paired(one.methods[spec], other.methods[spec])
    alike = all(np.array_equal(getattr(pairing.first, name), getattr(pairing.second, name)) for name in COUNTS)
    return alike and not pairing.left_out


def _informed(methods: Sequence[str], found: Sequence[Setting]) -> list[str]:
    """Leave out the methods of chance: they are last in every ranking, so all rankings would seem to agree."""
    return [name for name in methods if not any(name in setting.chance for setting in found)]


def _whole(table: pd.DataFrame) -> float:
    """Return the pooled IoU, as mean over the seeds."""
    return float(row_iou(table.groupby("seed")[COUNTS].sum()).mean())
