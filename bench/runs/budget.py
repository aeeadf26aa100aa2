"""What methods that ask the classifier again will cost, before they are run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bench.attribution.evidence import Evidence
from bench.attribution.forward_queries import ForwardQueries, Run
from bench.classifiers.checkpoint import Classifier
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import METHODS, MethodError, MethodSpec, heatmap

TIMED_PASSES = 4
"""Forward passes of a method that are timed."""


@dataclass(frozen=True)
class Cost:
    """What one method costs.

    Attributes:
        spec: the method.
        passes: forward passes of its own for one image, whole ones or of the part behind a layer.
        seconds: they take for one image, on the device of the classifier.
        images: that it is still to be run on.
    """

    spec: MethodSpec
    passes: int
    seconds: float
    images: int

    @property
    def minutes(self) -> float:
        """Return what all images take."""
        return self.seconds * self.images / 60


class DryRun(ForwardQueries):
    """A probe that runs a few variants of what it is asked for, notes what all would take, and makes scores up."""

    passes, seconds = 0.0, 0.0
    _inner: DryRun | None = None

    def in_chunks(self, run: Run, count: int, size: int) -> Tensor:
        """Run a few of `count` variants twice, and return zeros for all."""
        if not count:
            return super().in_chunks(run, count, size)
        some = min(count, size, TIMED_PASSES)
        run(0, some)  # the first call pays for what later ones find done
        self._wait()
        started = time.perf_counter()
        part = run(0, some)
        self._wait()
        # A wrapped method that asks again has made up what it asked; the time of that comes on top.
        inner_passes, inner_seconds = (self._inner.passes, self._inner.seconds) if self._inner else (0, 0)
        self.passes += count + inner_passes * count / some
        self.seconds += (time.perf_counter() - started + inner_seconds) * count / some
        return part.new_zeros(count, *part.shape[1:])

    def beside(self, images: Tensor, classes: Tensor) -> DryRun:
        """Return a rehearsal for other images, whose cost is part of the next one here."""
        self._inner = super().beside(images, classes)
        return self._inner

    def _wait(self) -> None:
        if self._images.device.type == "cuda":
            torch.cuda.synchronize(self._images.device)


def needs_extra_passes(spec: MethodSpec) -> bool:
    """Tell whether a method needs forward passes of its own."""
    return bool(spec.wrapper) or METHODS[spec.name].passes is not None


def estimate(classifier: Classifier, target: Target, images: dict[MethodSpec, int], chunk: int | None) -> list[Cost]:
    """Return what each method costs on an image of noise, the cheapest first.

    Args:
        classifier: on its device.
        target: the score that heatmaps explain.
        images: how many each method is still to be run on.
        chunk: forward passes at once, or as many as fit.
    """
    plan, network = classifier.card.plan, classifier.network
    device = next(network.parameters()).device
    noise = 255 * torch.rand(1, plan.network.channels, *plan.size, generator=torch.Generator().manual_seed(0))
    prepared = classifier.prepare(noise.to(device))
    anatomy, labels = examine(network, prepared), torch.ones(1, dtype=torch.int64, device=device)
    costs = []
    for spec, number in images.items():
        evidence = Evidence(network, anatomy, prepared, target, [spec], labels=labels, chunk=chunk)
        evidence.queries = rehearsal = evidence.queries.as_type(DryRun)
        started = time.perf_counter()
        try:
            heatmap(spec, evidence.view(spec))
        except MethodError:
            continue  # the run records why it has no answer
        passes, seconds = rehearsal.passes, rehearsal.seconds
        if not passes and (of_channels := METHODS[spec.name].passes):  # a library asks without the probe
            passes = sum(of_channels(anatomy.layers[layer].shape[0]) for layer in evidence.layers(spec))
            seconds = time.perf_counter() - started
        costs.append(Cost(spec, round(passes), seconds, number))
    return sorted(costs, key=lambda cost: cost.minutes)


def within(costs: Sequence[Cost], minutes: float | None) -> list[Cost]:
    """Return the cheapest of `costs`, sorted, that take no more than `minutes` together; all without a limit."""
    kept, total = [], 0.0
    for cost in costs:
        total += cost.minutes
        if minutes is not None and total > minutes:
            break
        kept.append(cost)
    return kept
