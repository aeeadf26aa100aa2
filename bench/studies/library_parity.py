"""Our methods compared with the same methods of other libraries, on one classifier and real images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bench.attribution.explaining import explain_batch
from bench.attribution.similarity import rank_correlation
from bench.classifiers.checkpoint import Classifier
from bench.classifiers.loading import ImageDataset
from bench.errors import BenchError
from bench.network.anatomy import Anatomy, examine
from bench.network.targets import Target
from bench.own import datasets
from bench.runs.assignment import Assignment
from bench.stopwatch import Stopwatch, clock_of
from methods import MethodSpec, parse
from methods.adapters.counterparts import COUNTERPARTS, Counterpart
from results.scopes import FORWARD


@dataclass(frozen=True)
class Parity:
    """How close the heatmaps of a method of ours and of a library are.

    Attributes:
        pair: the two methods, and how their definitions differ.
        difference: the largest over all pixels and images, each heatmap scaled to [0, 1] first.
        correlation: Spearman's, of the image where it is lowest; NaN where a heatmap is constant.
        own_ms: milliseconds that our method takes for one image, the shortest time of all images.
        other_ms: milliseconds that the library takes.
    """

    pair: Counterpart
    difference: float
    correlation: float
    own_ms: float
    other_ms: float


@dataclass(frozen=True)
class NotCompared:
    """A pair of methods of which one could not be computed, and the reason."""

    pair: Counterpart
    reason: str


@dataclass(frozen=True)
class _Comparison:
    """On what methods are compared: images, (1, C, H, W), as the classifier expects them, and their labels, (1,)."""

    classifier: Classifier
    anatomy: Anatomy
    images: list[tuple[Tensor, Tensor]]
    target: Target


def compare(
    assignment: Assignment, classifier: Classifier, target: Target, count: int
) -> Iterator[Parity | NotCompared]:
    """Compare every pair of `methods.adapters.counterparts` on test images.

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
    comparison = _Comparison(classifier, examine(classifier.network, images[0][0]), images, target)
    for pair in COUNTERPARTS:
        try:
            yield _parity(pair, comparison)
        except Exception as error:  # noqa: BLE001  a library may raise anything; the line says what it was
            yield NotCompared(pair, f"{type(error).__name__}: {error}")


def _parity(pair: Counterpart, comparison: _Comparison) -> Parity:
    own, other = parse(pair.own), parse(pair.other)
    differences, correlations, times = [], [], []
    for image, labels in comparison.images:
        ours, own_watch = _timed(own, comparison, image, labels)
        theirs, other_watch = _timed(other, comparison, image, labels)
        # The library makes forward passes of its own, so that ours does not count as its time.
        times.append((own_watch.seconds, other_watch.seconds - other_watch.parts[FORWARD]))
        differences.append(float((_scaled(ours) - _scaled(theirs)).abs().max()))
        correlations.append(rank_correlation(ours, theirs))
    own_seconds, other_seconds = map(min, zip(*times, strict=True))
    return Parity(pair, max(differences), float(np.min(correlations)), 1000 * own_seconds, 1000 * other_seconds)


def _timed(spec: MethodSpec, comparison: _Comparison, image: Tensor, labels: Tensor) -> tuple[Tensor, Stopwatch]:
    """Return the heatmap, (H, W) float64, on the CPU, and the stopwatch that timed it."""
    network = comparison.classifier.network
    with Stopwatch(clock_of(image.device)) as watch:
        (result,) = explain_batch(
            network, comparison.anatomy, image, comparison.target, [spec], labels=labels, timed=watch.part
        )
    return result.require().values[0].double().cpu(), watch


def _scaled(values: Tensor) -> Tensor:
    span = values.max() - values.min()
    return (values - values.min()) / span.clamp(min=torch.finfo(values.dtype).tiny)
