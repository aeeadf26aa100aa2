"""What methods that ask the classifier again will cost, before they are run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from typing_extensions import override

from bench.attribution.evidence import Evidence
from bench.attribution.forward_queries import ForwardQueries, Run
from bench.attribution.view import View
from bench.classifiers.checkpoint import Classifier
from bench.network.anatomy import Anatomy, examine
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


@dataclass
class Tally:
    """What the forward passes of a dry run would take: how many there are, and their seconds."""

    passes: float = 0.0
    seconds: float = 0.0


class DryRun(ForwardQueries):
    """Answers with zeros: of the forward passes that it is asked for it times a few, and adds up what all would take.

    Every dry run for variants of its images adds to the same tally.
    """

    def __init__(
        self,
        tally: Tally,
        network: nn.Module,
        anatomy: Anatomy,
        images: Tensor,
        target: Target,
        classes: Tensor,
        chunk: int | None,
    ) -> None:
        """Add to `tally` what is asked of `images`; the rest as in `ForwardQueries`."""
        super().__init__(network, anatomy, images, target, classes, chunk)
        self._tally = tally

    @override
    def in_chunks(self, run: Run, count: int, size: int) -> Tensor:
        if not count:
            return super().in_chunks(run, count, size)
        some = min(count, size, TIMED_PASSES)
        before = replace(self._tally)
        run(0, some)  # the first call pays for what later ones find done
        self._tally.passes, self._tally.seconds = before.passes, before.seconds
        self._wait()
        started = time.perf_counter()
        part = run(0, some)
        self._wait()
        # A wrapped method that asks again was answered with zeros too; what that would take comes on top.
        passes = some + self._tally.passes - before.passes
        seconds = time.perf_counter() - started + self._tally.seconds - before.seconds
        self._tally.passes = before.passes + passes * count / some
        self._tally.seconds = before.seconds + seconds * count / some
        return part.new_zeros(count, *part.shape[1:])

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
        tally = Tally()
        evidence = Evidence(
            network, anatomy, prepared, target, [spec], labels=labels, chunk=chunk, queries=partial(DryRun, tally)
        )
        started = time.perf_counter()
        try:
            heatmap(spec, View(evidence, spec))
        except MethodError:
            continue  # the run records why it has no answer
        passes, seconds = tally.passes, tally.seconds
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
