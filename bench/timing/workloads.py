"""The workloads that are timed: a bare pass, methods of ours that share one, and methods of other libraries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from bench.attribution.evidence import Evidence
from bench.attribution.explaining import explain_batch
from bench.attribution.view import View
from bench.network.hooks import keep_outputs
from bench.stopwatch import Stopwatch
from bench.timing.sampling import Prepare, Run
from bench.timing.setup import Testbed
from methods import METHODS, MethodSpec, parse
from methods.adapters import pytorch_grad_cam
from methods.adapters.counterparts import COUNTERPARTS
from methods.registry import LIBRARIES, library_of
from results.metrics.levels import level_statistics
from results.scopes import COUNTING
from results.store.timings import BARE


@dataclass(frozen=True)
class Workload:
    """What is timed as a whole.

    Attributes:
        name: of the workload.
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

    def on(self, testbed: Testbed) -> Prepare:
        """Return the workload on `testbed`, ready to be timed."""
        if not self.specs:
            return partial(_bare, testbed)
        if self.library:
            (spec,) = self.specs
            return partial(_library_call, testbed, spec)
        return partial(_together, testbed, self.specs, self.batches)

    def maps(self, testbed: Testbed) -> dict[str, Tensor]:
        """Return the heatmaps, (B, H, W) float32 on the CPU, by the short text of their spec."""
        results = explain_batch(testbed.network, testbed.anatomy, testbed.images, testbed.target, self.specs)
        return {str(result.spec): result.require().values.cpu() for result in results}


BARE_PASS = Workload(BARE, ())


def alone(specs: Iterable[MethodSpec]) -> list[Workload]:
    """Return a workload for each method."""
    return [Workload(str(spec), (spec,), library_of(spec.name)) for spec in specs]


def counterparts(specs: Iterable[MethodSpec]) -> list[Workload]:
    """Return a workload for each method of a library that can be used and is a counterpart of one of `specs`."""
    wanted = set(specs)
    owns_by_name: dict[str, list[MethodSpec]] = {}
    for pair in COUNTERPARTS:
        if (own := parse(pair.own)) in wanted and LIBRARIES[library_of(pair.other)].usable:
            owns_by_name.setdefault(pair.other, []).append(own)
    return [Workload(name, (parse(name),), library_of(name), tuple(owns)) for name, owns in owns_by_name.items()]


def _bare(testbed: Testbed) -> Run:
    def run(_watch: Stopwatch) -> None:
        with torch.enable_grad(), keep_outputs(testbed.network, testbed.anatomy, testbed.anatomy.stages) as outputs:
            total = testbed.target.score(testbed.network(testbed.images)).sum()
        torch.autograd.grad(total, list(outputs.values()), allow_unused=True)

    return run


def _together(testbed: Testbed, specs: tuple[MethodSpec, ...], batches: int) -> Run:
    """Do what a run does, from prepared images to histograms on the CPU, which are let go after each method."""

    def run(watch: Stopwatch) -> None:
        for _ in range(batches):
            for result in explain_batch(
                testbed.network, testbed.anatomy, testbed.images, testbed.target, specs, timed=watch.part
            ):
                with watch.part(COUNTING):
                    level_statistics(result.require().values, testbed.masks)

    return run


def _library_call(testbed: Testbed, spec: MethodSpec) -> Run:
    """Let a library explain the batch by itself, to its own maps: they are not upsampled again, nor counted.

    pytorch-grad-cam gets the whole batch at once, captum one image after the other.
    """
    view = View(Evidence(testbed.network, testbed.anatomy, testbed.images, testbed.target, [spec]), spec)
    prefix, _, name = spec.name.partition(":")

    def run(_watch: Stopwatch) -> None:
        if prefix == pytorch_grad_cam.PREFIX:
            pytorch_grad_cam.at_once(name, view)
        else:
            METHODS[spec.name].compute(view, **spec.own_options())

    return run
