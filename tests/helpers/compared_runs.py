"""Runs of chosen quality, for the tests of comparisons: every item has one image with 100 defect pixels."""

from collections.abc import Sequence

import numpy as np

from results.store.run_store import RunStore
from tests.helpers.small_runs import IDENTITY, cell, manifest

DEFECT, AROUND = 100, 900
CLASSIFIER = {"fingerprint": "c0", "split_fingerprint": "s0", "test": {"average_precision": 1.0}}


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
    """Write a run whose manifest has all fields; `parts` are lists of cells."""
    known = manifest(
        dataset_fingerprint="d0", recipe={"epochs": 1}, device="cpu", started="2026-01-02T03:04:05+00:00",
        commit="0123456789", dirty=False, classifiers={"one.safetensors": CLASSIFIER},
        versions={"python": "3.11.7", "cam-bench": "0.1.0", "torch": "2.15.0"},
    )  # fmt: skip
    store = RunStore(folder)
    store.begin(known | changes, IDENTITY)
    for part in parts:
        store.append(part)
    return store
