"""Full products among the methods of a run: every combination of some levels of weighting, rule, layers and fusing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from results.status import Status

FACTORS = ("rule", "layers", "weighting", "fuse")
Levels = tuple[str, ...]
"""A level of each of `FACTORS`, in their order."""

_FIRST = ("plain", "+lt", "+fgbp", "last", "grad-cam", "sum")
"""Levels that come before the others of their factor."""
_SINGLE = re.compile(r"last|S\d+|layer\..+")
"""Choices of one layer, where there is nothing to fuse."""


@dataclass(frozen=True)
class Factorial:
    """A full product of at least two levels in at least two factors.

    Attributes:
        delta: of all rules, in percent; None where no method has a rule.
        levels: of each of `FACTORS`; the first is the one that the others are compared with.
        combinations: short text of the method with these levels; one of a single layer stands for every way of fusing.
    """

    delta: float | None
    levels: tuple[tuple[str, ...], ...]
    combinations: dict[Levels, str]

    @property
    def specs(self) -> list[str]:
        """Short texts of the methods, each once."""
        return list(dict.fromkeys(self.combinations.values()))

    @property
    def varied(self) -> dict[str, tuple[str, ...]]:
        """The factors that have several levels, with these."""
        return {factor: levels for factor, levels in zip(FACTORS, self.levels, strict=True) if len(levels) > 1}

    def weights(self, chosen: dict[str, str]) -> NDArray[np.float64]:
        """Return (specs,), what each method counts in the mean over the combinations with the `chosen` levels.

        Ways of fusing are taken within several layers only. NaN where there is no such combination.

        Args:
            chosen: a level of each of some factors; of the others all count alike.
        """
        found = [
            spec
            for levels, spec in self.combinations.items()
            if chosen.items() <= dict(zip(FACTORS, levels, strict=True)).items()
            and (fused(levels) or "fuse" not in chosen)
        ]
        return np.array([found.count(spec) / len(found) if found else np.nan for spec in self.specs])


def fused(levels: Levels) -> bool:
    """Tell whether several layers are joined."""
    return not _SINGLE.fullmatch(levels[FACTORS.index("layers")])


def largest_factorial(frame: pd.DataFrame) -> Factorial | None:
    """Return the full product that holds most of the methods of a run, None where there is none.

    Its rules share one δ, and its methods have neither options nor wrappers, know of the defect, and have an answer on
    the network. Of equally large products it is the one whose methods come first by name.

    Args:
        frame: of `results.store.run_store.Cells`.
    """
    informed = ~frame["chance"] & (frame["options"] == "{}") & (frame["wrapper"] == "")
    methods = frame[informed & (frame["status"] != Status.NOT_APPLICABLE)].drop_duplicates("spec")
    if methods.empty:
        return None
    deltas = [{float(rule["delta"]) for rule in rules} for rules in methods["rules"]]
    known: set[float | None] = {value for one in deltas for value in one}
    products = [
        one for delta in known or {None} for one in _factorials(methods[[had <= {delta} for had in deltas]], delta)
    ]
    return min(products, key=lambda one: (-len(one.specs), sorted(one.specs)), default=None)


def _factorials(methods: pd.DataFrame, delta: float | None) -> Iterator[Factorial]:
    known = _combinations(methods)
    in_order = list(dict.fromkeys([*_FIRST, *(level for levels in known for level in levels)]))
    for box in _products(known):
        levels = tuple(tuple(sorted(one, key=in_order.index)) for one in box)
        if not any(map(fused, product(*levels))):
            levels = (*levels[:-1], levels[-1][:1])
        ruled = levels[FACTORS.index("rule")] != ("plain",)
        found = Factorial(delta if ruled else None, levels, {one: known[one] for one in product(*levels)})
        if len(found.varied) > 1:
            yield found


def _combinations(methods: pd.DataFrame) -> dict[Levels, str]:
    """Return the method of each combination of levels."""
    fields = ("rules", "layers", "name", "fuse", "spec")
    known: dict[Levels, str] = {}
    ways = methods["fuse"][~methods["layers"].str.fullmatch(_SINGLE.pattern)].unique()
    for rules, layers, name, fuse, spec in zip(*(methods[key] for key in fields), strict=True):
        rule = "".join(f"+{each['rule']}" for each in rules) or "plain"
        for way in ways if _SINGLE.fullmatch(layers) and len(ways) else [fuse]:
            known.setdefault((rule, layers, name, way), spec)
    return known


def _products(known: Iterable[Levels]) -> Iterator[tuple[frozenset[str], ...]]:
    """Yield the levels of every full product within `known` that is part of no larger one, and of some that are.

    What stands beside the levels of the first factor in a product is common to them. So everything that some of its
    levels have in common is searched for products of the other factors.
    """
    if () in known:
        yield ()
        return
    beside: dict[str, set[Levels]] = {}
    for levels in known:
        beside.setdefault(levels[0], set()).add(levels[1:])
    common: set[frozenset[Levels]] = set()
    for one in beside.values():
        common |= {frozenset(one), *(other & one for other in common)}
    for shared in common - {frozenset()}:
        for others in _products(shared):
            yield (frozenset(level for level, one in beside.items() if one.issuperset(product(*others))), *others)
