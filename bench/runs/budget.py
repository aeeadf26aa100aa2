"""What methods with forward passes of their own will cost, before they are run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from typing_extensions import override

from bench.attribution.evidence import layers_read
from bench.attribution.explaining import explain_batch
from bench.attribution.forward_queries import ForwardQueries, Run
from bench.classifiers.checkpoint import Classifier
from bench.network.anatomy import Anatomy, examine
from bench.network.targets import Target
from bench.stopwatch import Stopwatch, clock_of
from methods import METHODS, MethodSpec
from results.scopes import METHOD

TIMED_PASSES = 4
"""Forward passes of a method that are timed, at most."""


@dataclass(frozen=True)
class Cost:
    """What one method costs.

    Attributes:
        spec: the method.
        passes: its forward passes for one image, of the whole network or of the part behind a layer.
        seconds: that these take for one image, on the device of the classifier.
        images: on which it is still to be run.
    """

    spec: MethodSpec
    passes: int
    seconds: float
    images: int

    @property
    def minutes(self) -> float:
        """What all images take."""
        return self.seconds * self.images / 60


@dataclass
class Tally:
    """The number of forward passes for which a dry run was asked, and the seconds that they would take."""

    passes: float = 0.0
    seconds: float = 0.0


class DryRun(ForwardQueries):
    """Makes results up: it times a few of the forward passes that it is asked for, and returns zeros for all.

    What all of them would take is added to a tally, which the queries about variants of the images share.
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
        """Add to `tally`; the other arguments are those of `ForwardQueries`."""
        super().__init__(network, anatomy, images, target, classes, chunk)
        self._tally = tally

    @override
    def in_chunks(self, run: Run, count: int, size: int) -> Tensor:
        if not count:
            return super().in_chunks(run, count, size)
        some = min(count, size, TIMED_PASSES)
        before = replace(self._tally)
        run(0, some)  # the first call takes longer: it warms up caches
        self._tally.passes, self._tally.seconds = before.passes, before.seconds
        with Stopwatch(clock_of(self._images.device)) as watch:
            part = run(0, some)
        # What a wrapped method asks for was made up too, so that what it would take comes on top.
        passes = some + self._tally.passes - before.passes
        seconds = watch.seconds + self._tally.seconds - before.seconds
        self._tally.passes = before.passes + passes * count / some
        self._tally.seconds = before.seconds + seconds * count / some
        return part.new_zeros(count, *part.shape[1:])


def needs_extra_passes(spec: MethodSpec) -> bool:
    """Tell whether a method makes forward passes of its own."""
    return bool(spec.wrapper) or METHODS[spec.name].passes is not None


def estimate(classifier: Classifier, target: Target, images: dict[MethodSpec, int], chunk: int | None) -> list[Cost]:
    """Return what each method costs on an image of noise, the cheapest first.

    A method that has no heatmap there is left out; the run records the reason.

    Args:
        classifier: on its device.
        target: the score that heatmaps explain.
        images: how many each method is still to be run on.
        chunk: forward passes at once, or as many as fit into memory.
    """
    plan, network = classifier.card.plan, classifier.network
    device = next(network.parameters()).device
    noise = 255 * torch.rand(1, plan.network.channels, *plan.size, generator=torch.Generator().manual_seed(0))
    prepared = classifier.prepare(noise.to(device))
    anatomy, labels = examine(network, prepared), torch.ones(1, dtype=torch.int64, device=device)
    explain = partial(explain_batch, network, anatomy, prepared, target, labels=labels, chunk=chunk)
    costs = []
    for spec, number in images.items():
        tally = Tally()
        with Stopwatch(clock_of(device)) as watch:
            (result,) = explain([spec], queries=partial(DryRun, tally), timed=watch.part)
        if result.error:
            continue
        if not tally.passes and (of_channels := METHODS[spec.name].passes):  # a library does not ask the dry run
            passes = sum(of_channels(anatomy.layers[layer].shape[0]) for layer in layers_read(spec, anatomy))
            tally = Tally(passes, watch.parts[METHOD])
        costs.append(Cost(spec, round(tally.passes), tally.seconds, number))
    return sorted(costs, key=lambda cost: cost.minutes)


def within(costs: Sequence[Cost], minutes: float | None) -> list[Cost]:
    """Return the cheapest of `costs`, which are sorted, that fit into `minutes` together; all of them if that is None.

    Examples:
        >>> from methods import parse
        >>> costs = [Cost(parse(name), 100, seconds=30, images=2) for name in ("score-cam", "ablation-cam")]
        >>> [str(cost.spec) for cost in within(costs, minutes=1.5)]
        ['score-cam']
    """
    kept, total = [], 0.0
    for cost in costs:
        total += cost.minutes
        if minutes is not None and total > minutes:
            break
        kept.append(cost)
    return kept
