"""Runs of chosen quality, for the tests of comparisons: every item has one image with 100 defect pixels."""

from collections.abc import Sequence

import numpy as np

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


def run(folder, *parts, **changes):
    """Write a run of one classifier; `parts` are lists of cells."""
    return store(folder, *parts, **{"classifiers": {"one.safetensors": CLASSIFIER}} | changes)
