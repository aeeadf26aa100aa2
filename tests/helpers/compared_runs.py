"""Runs of chosen quality, for the tests of comparisons: every item has one image with 100 defect pixels."""

from collections.abc import Sequence

import numpy as np

from results.metrics.thresholds import parse_policy
from results.statistics.ranking import compared_settings
from tests.helpers.small_runs import cell, classifier, store

DEFECT, AROUND = 100, 900
CLASSIFIER = classifier()


def measured(item, spec, hits, false=50, **fields):
    """Return the cell of a method that marks `hits` of the defect pixels of an item, and `false` others."""
    return cell(
        f"{item}/0", spec, defect={255: hits, 0: DEFECT - hits}, other={255: false, 0: AROUND - false},
        **{"chance": spec == "random"} | fields,
    )  # fmt: skip


def cells_of(spec, hits: Sequence[int], **fields):
    """Return a cell an item, the items being named 00, 01, ..."""
    return [measured(f"{number:02}", spec, hit, **fields) for number, hit in enumerate(hits)]


def hits(items, *, mean=50, seed=0):
    """Return how many defect pixels a method of this quality hits on each item."""
    return np.random.default_rng(seed).integers(mean - 15, mean + 16, items).tolist()


def four_methods(shift=0, **fields):
    """Return the cells of `a`, `b`, better by `shift`, `c`, and `random` of chance level, on nine items."""
    levels = {"a": 30, "b": 45 + shift, "c": 60, "random": 5}
    return [one for name, level in levels.items() for one in cells_of(name, [level + k for k in range(9)], **fields)]


def two_settings(folder):
    """Return two settings of four methods: two folds of the built-in set, and one of a set elsewhere."""
    runs = [run(folder / "one", four_methods(), four_methods(20, fold=1), folds=2),
            run(folder / "two", four_methods(30), dataset="elsewhere")]  # fmt: skip
    return compared_settings(runs, parse_policy("fixed:0.5"))


def run(folder, *parts, **changes):
    """Write a run of one classifier; `parts` are lists of cells."""
    return store(folder, *parts, **{"classifiers": {"one.safetensors": CLASSIFIER}} | changes)
