"""Cells and runs of a few pixels, for the tests of the store, of scores and of reports."""

import math

import numpy as np

from results.status import Status
from results.store.cells import Cell
from results.store.manifest import Manifest
from results.store.run_store import RunStore


def histogram(levels):
    """Return (256,) pixel counts from {level: pixels}."""
    counts = np.zeros(256, dtype=np.int64)
    for level, pixels in levels.items():
        counts[level] = pixels
    return counts


def cell(image="a/0", spec="grad-cam", *, defect=None, other=None, **fields):
    """Return a cell; `defect` and `other` are {level: pixels}, nothing is found by default."""
    known = {
        "fold": 0, "seed": 0, "split": "test", "group": image.split("/")[0],
        "label": "defect" if defect else "good", "predicted": "defect", "name": spec, "layers": "last", "fuse": "",
        "rules": [], "options": "{}", "wrapper": "", "chance": False, "status": Status.OK, "reason": "",
        "deviation": math.nan, "minimum": 0.0, "maximum": 1.0, "layer_names": [], "shares": [1.0],
    }  # fmt: skip
    return Cell(
        image=image, spec=spec, defect=histogram(defect or {}), other=histogram(other or {0: 10}), **(known | fields)
    )


def manifest(**changes):
    """Return the manifest of a run on the built-in set."""
    known = {
        "dataset": "synthetic", "size": [128, 128], "folds": 0, "seeds": 1, "weights": "none",
        "target": "1", "evaluate_at": "input",
        "network": {"name": "vgg-small", "head": "fc", "activation": "relu", "classes": 2},
        "classifiers": {"one": classifier(0.75), "two": classifier(1.0)},
        "dataset_fingerprint": "d0", "recipe": {"epochs": 1}, "images": None, "code": "", "plugins": [],
        "device": "cpu", "versions": {"python": "3.11.7", "cam-bench": "0.1.0", "torch": "2.15.0"},
        "commit": "0123456789", "dirty": False, "started": "2026-01-02T03:04:05+00:00",
    }  # fmt: skip
    return Manifest.model_validate(known | changes)


def classifier(precision=1.0, **changes):
    """Return what a manifest says of a classifier with this average precision."""
    test = {"accuracy": 1.0, "average_precision": precision, "auroc": 1.0, "loss": 0.0, "confusion": [[1, 0], [0, 1]]}
    return {"fingerprint": "c0", "split_fingerprint": "s0", "test": test} | changes


def store(folder, *parts, **changes):
    """Write a run of `parts`, lists of cells, into `folder`."""
    run = RunStore(folder)
    run.begin(manifest(**changes))
    for part in parts:
        run.append(part)
    return run


def cells(folder, *parts):
    """Write `parts` and read all cells back."""
    return store(folder, *parts).cells()
