"""The manifest of a run: what was run, on what, and with which classifiers."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import ConfigDict

from results.store.record import Record, file_name
from results.store.upgrades import SCHEMA_VERSION

IDENTITY = (
    "dataset", "dataset_fingerprint", "size", "folds", "seeds", "network", "weights", "recipe", "target", "evaluate_at",
    "images", "classifiers", "code",
)  # fmt: skip
"""The fields that make a run what it is; methods may be added to it."""


class Metrics(Record):
    """How good a classifier is on one split; None where a class is absent from it.

    Attributes:
        accuracy: share of the images whose class is predicted, 0 to 1.
        average_precision, auroc: of defective against good images, 0 to 1.
        loss: cross-entropy, every class counted the same.
        confusion: numbers of images; rows are true classes, columns predicted ones.
    """

    accuracy: float
    average_precision: float | None
    auroc: float | None
    loss: float
    confusion: list[list[int]]


class RunNetwork(Record):
    """What the classifiers of a run are built from, as `bench.classifiers.networks.NetworkConfig` says it.

    Attributes:
        name: of the network.
        head: ``gap`` or ``fc``.
        activation: of the body.
        classes: number of logits.
    """

    model_config = ConfigDict(extra="allow")  # fields that are added there and do not have their defaults

    name: str
    head: str
    activation: str
    classes: int


class RunClassifier(Record):
    """One classifier of a run.

    Attributes:
        fingerprint: of its tensors.
        split_fingerprint: of the split that it was trained on.
        test: how good it is on the test images.
    """

    fingerprint: str
    split_fingerprint: str
    test: Metrics


class Manifest(Record):
    """What a run is.

    Attributes:
        dataset: its name.
        dataset_fingerprint: of the copy that was used.
        size: (height, width) of the input in pixels.
        folds: 0 for the single split.
        seeds: classifiers of each fold.
        network: what they are built from.
        weights: what their bodies began with, see `bench.classifiers.checkpoint.TrainingPlan`.
        recipe: how they were trained, the fields of `bench.classifiers.recipe.Recipe`.
        target: the class score that heatmaps explain.
        evaluate_at: ``input`` or ``original``: the size at which heatmaps are scored.
        images: ids of the images that were chosen; None: all of them.
        classifiers: by the name of the checkpoint.
        code: fingerprint of the code that computes cells.
        plugins: names of the files that registered methods.
        device: that the run was started on, such as ``cuda:0``.
        versions: of Python, the platform and the libraries.
        commit: of the checkout, empty without git; `dirty` if it was changed since.
        started: ISO 8601, UTC.
        title: what the dataset is called where it is called after its folder; empty for others.
        schema_version: of the run's files.
    """

    dataset: str
    dataset_fingerprint: str
    size: tuple[int, int]
    folds: int
    seeds: int
    network: RunNetwork
    weights: str
    recipe: dict[str, Any]
    target: str
    evaluate_at: Literal["input", "original"]
    images: tuple[str, ...] | None
    classifiers: dict[str, RunClassifier]
    code: str
    plugins: tuple[str, ...]
    device: str
    versions: dict[str, str]
    commit: str
    dirty: bool
    started: str
    title: str = ""
    schema_version: int = SCHEMA_VERSION

    @property
    def name(self) -> str:
        """Name of the run's folder: readable, with a digest of its identity."""
        identity = {key: value for key, value in self.named().items() if key in IDENTITY}
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
        network, (height, width) = self.network, self.size
        return f"{file_name(f'{self.called}-{network.name}-{network.head}-{height}x{width}')}-{digest}"

    @property
    def called(self) -> str:
        """What the dataset is called in tables and in names of files."""
        return self.title or self.dataset

    def differing(self, other: Manifest) -> list[str]:
        """Return the fields of `IDENTITY` in which another run differs; what images are called makes no difference."""
        return [name for name in IDENTITY if self._identity(name) != other._identity(name)]

    def _identity(self, name: str) -> Any:
        if name != "classifiers":
            return getattr(self, name)
        # The name of a checkpoint ends with the digest of its plan.
        return {checkpoint.rpartition("-")[2]: one for checkpoint, one in self.classifiers.items()}
