"""Methods in several settings: against one reference in each, and whether their ranking is the same in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from results.errors import ResultError
from results.metrics.formulas import Counts, FloatArray, iou
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.checking import differences
from results.statistics.comparison import Comparison, compare
from results.statistics.pairing import COUNTS, counted, paired
from results.statistics.permutation import LEVEL
from results.store.manifest import Manifest
from results.store.run_store import RunStore


@dataclass(frozen=True, eq=False)
class Setting:
    """A dataset with its classifiers, and what each method marked in it.

    Attributes:
        dataset: its name.
        network: name and head.
        manifest: of the first run.
        methods: by short text, as `results.statistics.pairing.counted` gives them.
        chance: which of these know nothing of the defect.
    """

    dataset: str
    network: str
    manifest: Manifest
    methods: dict[str, pd.DataFrame]
    chance: frozenset[str]

    @property
    def name(self) -> str:
        """Dataset and network."""
        return f"{self.dataset}, {self.network}"


@dataclass(frozen=True)
class Agreement:
    """How far several rankings of the same methods agree.

    Attributes:
        over: what differs from ranking to ranking: ``folds``, ``seeds``, ``classifiers`` or ``datasets``.
        within: what all of them share.
        rankings: how many there are.
        methods: that are ranked, those of chance excepted.
        w: Kendall's, corrected for ties, from 0 (none) to 1 (all rankings are the same).
    """

    over: str
    within: str
    rankings: int
    methods: int
    w: float


def compared_settings(runs: Iterable[RunStore], policy: ThresholdPolicy) -> list[Setting]:
    """Read runs; those of the same data and classifiers become one setting.

    Raises:
        ResultError: a folder holds no run, two runs of a setting disagree on a method, or two settings look the same.
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
            raise ResultError(f"{run.folder} has another {clash[0]} than the runs before it: compare them with check")
        joined = replace(same, methods=same.methods | one.methods, chance=same.chance | one.chance)
        found[found.index(same)] = joined
    return found


def against(setting: Setting, reference: str, *, all_pairs: bool = False) -> list[Comparison]:
    """Compare every method of a setting with one of them, or all with each other, corrected for their number.

    Raises:
        ResultError: the setting does not have the reference.
    """
    methods = setting.methods
    names = list(combinations(methods, 2)) if all_pairs else [(one, reference) for one in methods if one != reference]
    return _compared(setting, names, reference)


def duels(setting: Setting, challengers: Sequence[str], reference: str) -> list[Comparison]:
    """Compare some methods of a setting with one of them, corrected for their number.

    Raises:
        ResultError: the setting does not have one of them.
    """
    return _compared(setting, [(one, reference) for one in challengers if one != reference], reference, *challengers)


def item_ious(found: Sequence[Setting]) -> FloatArray:
    """Return the IoU of each item of every setting by each method that all settings have, (items, methods).

    Items that a method lacks are left out; the methods are in the order of `common`.
    """
    methods = common(found)
    parts = []
    for setting in found:
        tables = [setting.methods[name].groupby("group")[list(COUNTS)].sum() for name in methods]
        parts.append(pd.concat([_iou(table) for table in tables], axis=1, join="inner").to_numpy())
    return np.concatenate(parts)


def common(found: Sequence[Setting]) -> list[str]:
    """Return the methods that all settings have, in the order of the first."""
    return [name for name in found[0].methods if all(name in setting.methods for setting in found)]


def mean_ranks(scores: FloatArray) -> FloatArray:
    """Return the mean rank of each method, (methods,), of scores (rankings, methods); the highest score has rank 1."""
    mean: FloatArray = stats.rankdata(-scores, axis=1).mean(0)
    return mean


def critical_difference(methods: int, blocks: int) -> float:
    """Return the difference of mean ranks from which two methods differ by Nemenyi's test at the 5 % level."""
    quantile = stats.studentized_range.ppf(1 - LEVEL, methods, np.inf)
    return float(quantile * np.sqrt(methods * (methods + 1) / (12 * blocks)))


def by_classifier(setting: Setting, methods: Sequence[str]) -> pd.DataFrame:
    """Return the pooled IoU with each classifier: a row each (fold, seed), a column a method."""
    tables = {name: setting.methods[name].groupby(["fold", "seed"])[list(COUNTS)].sum() for name in methods}
    return pd.DataFrame({name: _iou(table) for name, table in tables.items()}).dropna()


def agreements(found: Sequence[Setting]) -> Iterator[Agreement]:
    """Yield how far rankings agree over folds, seeds, classifiers and datasets, wherever there are several."""
    for setting in found:
        for over, key in (("folds", "fold"), ("seeds", "seed")):
            methods = _informed(list(setting.methods), [setting])
            sums = {name: setting.methods[name].groupby(key)[list(COUNTS)].sum() for name in methods}
            scores = pd.DataFrame({name: _iou(table) for name, table in sums.items()}).dropna()
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
    for name in needed:
        if name not in methods:
            raise ResultError(f"{setting.name} has no {name}, or it has no answer there; it has {', '.join(methods)}")
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
    """Leave out the methods of chance, which are last in every ranking and would make all of them look alike."""
    return [name for name in methods if not any(name in setting.chance for setting in found)]


def _whole(table: pd.DataFrame) -> float:
    """Return the pooled IoU in the mean over seeds."""
    return float(_iou(table.groupby("seed")[list(COUNTS)].sum()).mean())


def _iou(table: pd.DataFrame) -> pd.Series[float]:
    return pd.Series(iou(Counts(*(table[name].to_numpy() for name in COUNTS))), index=table.index)
