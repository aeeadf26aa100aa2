"""The readings of the papers compared on one dataset: which runs that needs, and which methods each run computes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from bench.classifiers.networks import NetworkConfig, build, prepare
from bench.network.anatomy import examine
from bench.plugins import load_plugins
from bench.runs.reporter import Reporter
from bench.runs.request import Request, request_study
from bench.runs.run import execute
from bench.runs.runner import Evaluation
from bench.studies.settings import ReadingsSettings
from methods import MethodSpec, select
from methods.alternatives import Alternative, Network, every_combination, one_at_a_time
from results.metrics.thresholds import ThresholdPolicy, parse_policy
from results.store.cells import Cells
from results.store.run_store import RunStore
from results.studies.reading_scores import DEFECTIVE, OVER, OVER_QUESTION, Asked, Scored, choose, score_readings

DEFAULT, MARGIN = "default", "margin"
"""Names of the run with the target that was asked for, and of the run that explains the margin of its logit."""
TARGET_QUESTION = "target"


@dataclass(frozen=True)
class Outcome:
    """The scores of all readings, and the folder of the run that computed most of them."""

    rows: list[Scored]
    folder: Path


def run_readings(settings: ReadingsSettings, reporter: Reporter) -> Outcome:
    """Compare the readings that settings ask for.

    Raises:
        BenchError, DatasetError, MethodError, ResultError: as `bench.api.run`.
    """
    load_plugins(settings.plugin)
    request = request_study(settings, select(settings.methods))
    network, policy = network_of(request.experiment.network, request.experiment.size), parse_policy(settings.threshold)
    return compare(request, policy, reporter, everything=settings.full, network=network)


def compare(
    request: Request, policy: ThresholdPolicy, reporter: Reporter, *, everything: bool, network: Network
) -> Outcome:
    """Run every reading of the request's methods on training and validation images, and the chosen ones on test images.

    Args:
        request: of the methods as they are read by default; its splits are ignored.
        policy: by which thresholds are chosen.
        reporter: of progress.
        everything: combine all answers to all questions, instead of changing one answer at a time.
        network: decides which questions there are.

    Raises:
        BenchError, DatasetError, ResultError: as `bench.runs.run.execute`.
    """
    ways = every_combination if everything else one_at_a_time
    alternatives = {spec: ways(spec, network) for spec in request.evaluation.specs}
    by_text = {str(one.spec): one.spec for own in alternatives.values() for one in own}
    requests = {DEFAULT: request}
    if not request.evaluation.target.margin:
        requests[MARGIN] = _explaining_margin(request)
    readings = list(_readings(alternatives, tuple(requests)))
    folders = {
        name: _run(one, reporter, _specs(readings, name, by_text), ("train", "val"), only_defective=True)
        for name, one in requests.items()
    }
    # Images without a defect are needed only where scores of the default reading are taken over them too.
    _run(request, reporter, request.evaluation.specs, ("val",), only_defective=False)
    _run(request, reporter, request.evaluation.specs, ("test",), only_defective=True)
    chosen = choose(readings, _cells(folders), policy)
    for name, one in requests.items():
        if specs := _specs(chosen, name, by_text):
            _run(one, reporter, specs, ("test",), only_defective=True)
    return Outcome(
        score_readings(readings, _cells(folders), policy, request.experiment.copy.dataset.name), folders[DEFAULT]
    )


def network_of(config: NetworkConfig, size: tuple[int, int]) -> Network:
    """Return what decides which questions there are for a network, at input `size`, (height, width) in pixels."""
    noise = 255 * torch.rand(1, config.channels, *size, generator=torch.Generator().manual_seed(0))
    anatomy = examine(build(config), prepare(noise, config))
    return Network(len(anatomy.stages), any(layer.kind == "LeakyReLU" for layer in anatomy.layers.values()))


def _readings(alternatives: dict[MethodSpec, list[Alternative]], runs: tuple[str, ...]) -> Iterator[Asked]:
    for spec, own in alternatives.items():
        method = str(spec)
        for one in own:
            yield Asked(method, one.answers, str(one.spec), DEFAULT)
        if MARGIN in runs:
            yield Asked(method, ((TARGET_QUESTION, "margin"),), method, MARGIN)
        for over in OVER:
            if over != DEFECTIVE:
                yield Asked(method, ((OVER_QUESTION, over),), method, DEFAULT, over)


def _specs(readings: list[Asked], run: str, by_text: dict[str, MethodSpec]) -> tuple[MethodSpec, ...]:
    """Return the specs that one run computes, each once."""
    return tuple(dict.fromkeys(by_text[one.spec] for one in readings if one.run == run))


def _run(
    request: Request,
    reporter: Reporter,
    specs: tuple[MethodSpec, ...],
    splits: tuple[str, ...],
    *,
    only_defective: bool,
) -> Path:
    evaluation: Evaluation = replace(request.evaluation, specs=specs, splits=splits, only_defective=only_defective)
    return execute(replace(request, evaluation=evaluation), reporter)


def _explaining_margin(request: Request) -> Request:
    evaluation = replace(request.evaluation, target=replace(request.evaluation.target, margin=True))
    return replace(
        request, evaluation=evaluation, out=request.out and request.out.with_name(f"{request.out.name}-margin")
    )


def _cells(folders: dict[str, Path]) -> dict[str, Cells]:
    return {name: RunStore(folder).cells() for name, folder in folders.items()}
