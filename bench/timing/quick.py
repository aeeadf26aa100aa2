"""What a method costs in time and memory, measured simply: to see at once whether a new one is in another league."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.classifiers.checkpoint import Classifier
from bench.classifiers.loading import Batch, ImageDataset, batches
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.own import datasets
from bench.runs.experiment import Assignment
from methods import MethodSpec, heatmap

IMAGES, TIMES = 4, 5
"""Images in the one batch that is measured, and how often it is."""
EVERY = 0.001
"""Seconds between two looks at the memory of the process."""


@dataclass(frozen=True)
class QuickTiming:
    """What one method costs, its forward and backward passes included.

    Attributes:
        spec: the method.
        milliseconds: an image, the best of several times.
        megabytes: at the peak: of the GPU's memory, else of all that the process holds.
    """

    spec: str
    milliseconds: float
    megabytes: float


def costs(
    assignment: Assignment, classifier: Classifier, target: Target, specs: Sequence[MethodSpec]
) -> Iterator[QuickTiming]:
    """Yield what each method costs on a few defective test images, after one pass that is not counted."""
    table, plan = assignment.data.table, assignment.plan
    rows = table[(table["split"] == "test") & (table["label"] != datasets.GOOD)].head(IMAGES)
    device = next(classifier.network.parameters()).device
    (batch,) = batches(ImageDataset(rows, plan.size, plan.network.channels, plan.classes), IMAGES, device=device)
    for spec in specs:
        _pass(spec, classifier, target, batch)
        seconds = []
        with _peak(device) as peak:
            for _ in range(TIMES):
                started = time.perf_counter()
                _pass(spec, classifier, target, batch).cpu()  # which waits for the device
                seconds.append(time.perf_counter() - started)
        yield QuickTiming(str(spec), 1000 * min(seconds) / len(batch.ids), max(peak) / 1e6)


def _pass(spec: MethodSpec, classifier: Classifier, target: Target, batch: Batch) -> Tensor:
    images = classifier.prepare(batch.images)
    anatomy = examine(classifier.network, images[:1])
    evidence = Evidence(classifier.network, anatomy, images, target, [spec], labels=batch.labels)
    return heatmap(spec, View(evidence, spec)).values


@contextmanager
def _peak(device: torch.device) -> Iterator[list[int]]:
    """Fill the list with bytes that are held within the context, the most among them."""
    found: list[int] = []
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        yield found
        found.append(torch.cuda.max_memory_allocated(device))
        return
    process, ended = psutil.Process(), threading.Event()

    def look() -> None:
        while True:
            found.append(process.memory_info().rss)
            if ended.wait(EVERY):
                return

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()
