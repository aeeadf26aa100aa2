"""Full factorial designs among the methods of a run: every combination of some levels of some factors."""

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
"""The parts of a spec that are varied."""
Levels = tuple[str, ...]
"""A level of each of `FACTORS`, in their order."""

_FIRST = ("plain", "+lt", "+fgbp", "last", "grad-cam", "sum")
"""Levels that come before the other levels of their factor."""
_SINGLE = re.compile(r"last|S\d+|layer\..+")
"""Levels of ``layers`` that are a single layer, so that there is nothing to fuse."""


@dataclass(frozen=True)
class Factorial:
    """A full factorial design with at least two levels in at least two factors.

    Attributes:
        delta: δ of all rules, in percent; None where no method has a rule.
        levels: the levels of each of `FACTORS`; the others are compared with the first.
        combinations: short text of the method of each combination; one of a single layer has every way of fusing.
    """

    delta: float | None
    levels: tuple[tuple[str, ...], ...]
    combinations: dict[Levels, str]

    @property
    def specs(self) -> list[str]:
        """Short texts of the methods, each of them once."""
        return list(dict.fromkeys(self.combinations.values()))

    @property
    def varied(self) -> dict[str, tuple[str, ...]]:
        """The factors that have several levels, with their levels."""
        return {factor: levels for factor, levels in zip(FACTORS, self.levels, strict=True) if len(levels) > 1}

    def weights(self, chosen: dict[str, str]) -> NDArray[np.float64]:
        """Return the weight of each method, (specs,), in the mean over all combinations with the `chosen` levels.

        For a way of fusing these are combinations of several layers only. NaN where there are none.

        Args:
            chosen: a level for each of some factors.
        """
        found = [
            spec
            for levels, spec in self.combinations.items()
            if chosen.items() <= dict(zip(FACTORS, levels, strict=True)).items()
            and (fused(levels) or "fuse" not in chosen)
        ]
        return np.array([found.count(spec) / len(found) if found else np.nan for spec in self.specs])


def fused(levels: Levels) -> bool:
    """Tell whether the levels are those of a method that fuses several layers."""
    return not _SINGLE.fullmatch(levels[FACTORS.index("layers")])


def largest_factorial(frame: pd.DataFrame) -> Factorial | None:
    """Return the full factorial design with the most methods of a run, None where there is none.

    All rules in it have the same δ. Its methods have neither options nor wrappers, are not of chance, and are
    applicable to the network. Of equally large designs it is the one whose methods come first in alphabetical order.

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
    """Return short texts of the methods, by their combination of levels."""
    fields = ("rules", "layers", "name", "fuse", "spec")
    known: dict[Levels, str] = {}
    ways = methods["fuse"][~methods["layers"].str.fullmatch(_SINGLE.pattern)].unique()
    for rules, layers, name, fuse, spec in zip(*(methods[key] for key in fields), strict=True):
        rule = "".join(f"+{each['rule']}" for each in rules) or "plain"
        for way in ways if _SINGLE.fullmatch(layers) and len(ways) else [fuse]:
            known.setdefault((rule, layers, name, way), spec)
    return known


def _products(known: Iterable[Levels]) -> Iterator[tuple[frozenset[str], ...]]:
    """Yield the levels of every maximal full product within `known`, and of some smaller ones.

    In a full product, all levels of the first factor are combined with the same levels of the other factors. So for
    every set of combinations that some levels of the first factor have in common, products within it are searched.
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
