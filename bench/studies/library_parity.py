"""Our methods beside those of the libraries that have them too, on one classifier and real images."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.classifiers.checkpoint import Classifier
from bench.classifiers.loading import ImageDataset
from bench.errors import BenchError
from bench.network.anatomy import Anatomy, examine
from bench.network.targets import Target
from bench.own import datasets
from bench.runs.experiment import Assignment
from methods import MethodSpec, heatmap, parse
from methods.adapters.counterparts import COUNTERPARTS, Counterpart


@dataclass(frozen=True)
class Parity:
    """How near a method of ours and a library's are.

    Attributes:
        pair: the two, and how their definitions differ.
        difference: the largest over all pixels and images, each map scaled to [0, 1] first.
        correlation: Spearman's, of the image where it is lowest; NaN where a map is constant.
        own_ms: milliseconds for an image, the best of all images.
        other_ms: the same of the library.
    """

    pair: Counterpart
    difference: float
    correlation: float
    own_ms: float
    other_ms: float


@dataclass(frozen=True)
class NotCompared:
    """A pair of which one could not be computed, and the reason."""

    pair: Counterpart
    reason: str


@dataclass(frozen=True)
class _Subject:
    """A classifier and what it is shown: images (1, C, H, W) as it expects them, and their labels, (1,)."""

    classifier: Classifier
    anatomy: Anatomy
    images: list[tuple[Tensor, Tensor]]
    target: Target


def compare(
    assignment: Assignment, classifier: Classifier, target: Target, count: int
) -> Iterator[Parity | NotCompared]:
    """Yield every pair of `methods.adapters.counterparts`, compared on test images.

    Args:
        assignment: of `classifier`.
        classifier: on its device.
        target: the score that is explained.
        count: number of images; those with defects come first.

    Raises:
        BenchError: an image cannot be read.
    """
    plan, table = assignment.plan, assignment.data.table
    tested = table[table["split"] == "test"]
    rows = tested.sort_values("label", key=lambda labels: labels == datasets.GOOD, kind="stable").head(count)
    device = next(classifier.network.parameters()).device
    images = []
    dataset = ImageDataset(rows, plan.size, plan.network.channels, plan.classes)
    for batch in map(dataset.__getitem__, range(len(dataset))):
        if batch.failures:
            raise BenchError(": ".join(batch.failures[0]))
        images.append((classifier.prepare(batch.images.to(device)), batch.labels.to(device)))
    subject = _Subject(classifier, examine(classifier.network, images[0][0]), images, target)
    for pair in COUNTERPARTS:
        try:
            yield _parity(pair, subject)
        except Exception as error:  # noqa: BLE001  a library may raise anything; the line says what it was
            yield NotCompared(pair, f"{type(error).__name__}: {error}")


def _parity(pair: Counterpart, subject: _Subject) -> Parity:
    own, other = parse(pair.own), parse(pair.other)
    differences, correlations, times = [], [], []
    for image, labels in subject.images:
        prepared = _evidence(other, subject, image, labels)  # the library makes passes of its own
        started = time.perf_counter()
        ours = _values(own, _evidence(own, subject, image, labels))
        between = time.perf_counter()
        theirs = _values(other, prepared)
        times.append((between - started, time.perf_counter() - between))
        differences.append(float((_scaled(ours) - _scaled(theirs)).abs().max()))
        correlations.append(rank_correlation(ours, theirs))
    own_seconds, other_seconds = map(min, zip(*times, strict=True))
    return Parity(pair, max(differences), float(np.min(correlations)), 1000 * own_seconds, 1000 * other_seconds)


def _evidence(spec: MethodSpec, subject: _Subject, image: Tensor, labels: Tensor) -> Evidence:
    return Evidence(subject.classifier.network, subject.anatomy, image, subject.target, [spec], labels=labels)


def _values(spec: MethodSpec, evidence: Evidence) -> Tensor:
    """Return the heatmap, (H, W) float64, on the CPU, which waits for the device."""
    return heatmap(spec, View(evidence, spec)).values[0].double().cpu()


def _scaled(values: Tensor) -> Tensor:
    span = values.max() - values.min()
    return (values - values.min()) / span.clamp(min=torch.finfo(values.dtype).tiny)


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Return Spearman's correlation of two maps on the CPU, NaN where one of them is constant."""
    from scipy.stats import spearmanr

    if min(len(one.unique()) for one in (first, second)) == 1:
        return float("nan")
    return float(spearmanr(first.flatten().numpy(), second.flatten().numpy()).statistic)
