"""The works that are timed: a bare pass, methods of ours that share one, and methods of libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from bench.attribution.evidence import Evidence, by_gradient
from bench.attribution.view import View
from bench.timing.clock import Laps, Prepare, Run
from bench.timing.setup import Subject
from methods import METHODS, MethodSpec, heatmap, layer_maps, parse
from methods.adapters import pytorch_grad_cam
from methods.adapters.counterparts import COUNTERPARTS
from methods.registry import LIBRARIES, library_of
from results.metrics.levels import LevelStatistics, level_statistics
from results.store.timings import BACKWARD, BARE, COUNTING, FORWARD, METHOD


@dataclass(frozen=True)
class Workload:
    """What is timed as one.

    Attributes:
        name: of it.
        specs: methods that are computed together, from one forward pass; none for the bare pass.
        library: prefix of the library whose own call is timed; empty for the suite's own.
        stands_for: specs of ours that it is compared with.
        batches: that it works through, one after the other.
    """

    name: str
    specs: tuple[MethodSpec, ...]
    library: str = ""
    stands_for: tuple[MethodSpec, ...] = ()
    batches: int = 1

    def on(self, subject: Subject) -> Prepare:
        """Return the work on `subject`, for a clock."""
        if not self.specs:
            return partial(_bare, subject)
        if self.library:
            (spec,) = self.specs
            return partial(_library_call, subject, spec)
        return partial(_together, subject, self.specs, self.batches)

    def maps(self, subject: Subject) -> dict[str, Tensor]:
        """Return the heatmaps, (B, H, W) float32 on the CPU, by the short text of their spec."""
        evidence = Evidence(subject.network, subject.anatomy, subject.images, subject.target, self.specs)
        return {str(spec): heatmap(spec, View(evidence, spec)).values.cpu() for spec in by_gradient(self.specs)}


BARE_PASS = Workload(BARE, ())


def alone(specs: Iterable[MethodSpec]) -> list[Workload]:
    """Return a work for each method."""
    return [Workload(str(spec), (spec,), library_of(spec.name)) for spec in specs]


def rivals(specs: Iterable[MethodSpec]) -> list[Workload]:
    """Return a work for each method of a library that can be used and is a counterpart of one of `specs`."""
    wanted = set(specs)
    found: dict[str, list[MethodSpec]] = {}
    for pair in COUNTERPARTS:
        if (own := parse(pair.own)) in wanted and LIBRARIES[library_of(pair.other)].usable:
            found.setdefault(pair.other, []).append(own)
    return [Workload(name, (parse(name),), library_of(name), tuple(owns)) for name, owns in found.items()]


def _bare(subject: Subject) -> Run:
    def run(_laps: Laps) -> None:
        outputs: list[Tensor] = []
        handles = [
            subject.network.get_submodule(stage).register_forward_hook(
                _noting(outputs, overwritten=subject.anatomy.layers[stage].overwritten)
            )
            for stage in subject.anatomy.stages
        ]
        try:
            with torch.enable_grad():
                logits = subject.network(subject.images)
                total = subject.target.score(logits).sum()
        finally:
            for handle in handles:
                handle.remove()
        torch.autograd.grad(total, outputs, allow_unused=True)

    return run


def _noting(outputs: list[Tensor], *, overwritten: bool) -> Callable[[nn.Module, object, Tensor], Tensor | None]:
    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor | None:
        outputs.append(output)
        return output.clone() if overwritten else None

    return hook


def _together(subject: Subject, specs: tuple[MethodSpec, ...], batches: int) -> Run:
    """Do what a run does, from prepared images to histograms on the CPU, which it holds for one batch."""

    def run(laps: Laps) -> None:
        for _ in range(batches):
            _counted(subject, specs, laps)

    return run


def _counted(subject: Subject, specs: tuple[MethodSpec, ...], laps: Laps) -> list[LevelStatistics]:
    with laps.scope(FORWARD):
        evidence = Evidence(subject.network, subject.anatomy, subject.images, subject.target, specs)
    found = []
    for spec in by_gradient(specs):
        view = View(evidence, spec)
        if METHODS[spec.name].obeys_rules and not spec.wrapper:
            # Asked for first, so that a pass which is not held yet is not counted as the method.
            with laps.scope(BACKWARD):
                evidence.gradient(view.layers[0], spec.filter, None)
        with laps.scope(METHOD):
            layer_maps(spec, view)
        with laps.scope(COUNTING):
            found.append(level_statistics(heatmap(spec, view).values, subject.masks))
    return found


def _library_call(subject: Subject, spec: MethodSpec) -> Run:
    """Let a library explain the batch by itself, to its own maps: they are not upsampled again, nor counted.

    pytorch-grad-cam gets the whole batch at once, captum one image after the other.
    """
    view = View(Evidence(subject.network, subject.anatomy, subject.images, subject.target, [spec]), spec)
    prefix, _, name = spec.name.partition(":")

    def run(_laps: Laps) -> None:
        if prefix == pytorch_grad_cam.PREFIX:
            pytorch_grad_cam.at_once(name, view)
        else:
            METHODS[spec.name].compute(view, **spec.own_options())

    return run
