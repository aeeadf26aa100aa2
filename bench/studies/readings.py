"""The readings of the papers on one dataset: which runs they need, and what each run is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from bench.classifiers.networks import NetworkConfig, build, prepare
from bench.network.anatomy import examine
from bench.runs.reporter import Reporter
from bench.runs.request import Request
from bench.runs.run import execute
from bench.runs.runner import Evaluation
from methods import MethodSpec
from methods.alternatives import Alternative, Network, every_combination, one_at_a_time
from results.metrics.thresholds import ThresholdPolicy
from results.store.cells import Cells
from results.store.run_store import RunStore
from results.studies.reading_scores import DEFECTIVE, OVER, OVER_QUESTION, Asked, Scored, choose, score_readings

DEFAULT, MARGIN = "default", "margin"
"""Names of the run that has the target asked for, and of that which explains the margin of its logit."""
TARGET_QUESTION = "target"


@dataclass(frozen=True)
class Outcome:
    """The readings of some methods, scored, and the folder of the run that most of them stand in."""

    rows: list[Scored]
    folder: Path


def compare(
    request: Request, policy: ThresholdPolicy, reporter: Reporter, *, everything: bool, network: Network
) -> Outcome:
    """Run every reading of the request's methods on training and validation images, and what they choose on test.

    Args:
        request: its splits are set here.
        policy: how thresholds are chosen.
        reporter: is told how it goes on.
        everything: the product of all answers instead of one question at a time.
        network: what decides which questions there are.

    Raises:
        BenchError, DatasetError, ResultError: as `bench.runs.run.execute`.
    """
    ways = every_combination if everything else one_at_a_time
    alternatives = {spec: ways(spec, network) for spec in request.evaluation.specs}
    by_text = {str(one.spec): one.spec for found in alternatives.values() for one in found}
    requests = {DEFAULT: request}
    if not request.evaluation.target.margin:
        requests[MARGIN] = _explaining_margin(request)
    asked = list(_asked(alternatives, tuple(requests)))
    folders = {
        name: _run(one, reporter, _specs(asked, name, by_text), ("train", "val"), only_defective=True)
        for name, one in requests.items()
    }
    # Images without a defect are needed only where the default's map is counted over more of them.
    _run(request, reporter, request.evaluation.specs, ("val",), only_defective=False)
    _run(request, reporter, request.evaluation.specs, ("test",), only_defective=True)
    chosen = choose(asked, _cells(folders), policy)
    for name, one in requests.items():
        if specs := _specs(chosen, name, by_text):
            _run(one, reporter, specs, ("test",), only_defective=True)
    return Outcome(
        score_readings(asked, _cells(folders), policy, request.experiment.copy.dataset.name), folders[DEFAULT]
    )


def network_of(config: NetworkConfig, size: tuple[int, int]) -> Network:
    """Return what of a network decides which questions there are, seen at input `size`, (height, width)."""
    noise = 255 * torch.rand(1, config.channels, *size, generator=torch.Generator().manual_seed(0))
    anatomy = examine(build(config), prepare(noise, config))
    return Network(len(anatomy.stages), any(layer.kind == "LeakyReLU" for layer in anatomy.layers.values()))


def _asked(alternatives: dict[MethodSpec, list[Alternative]], runs: tuple[str, ...]) -> Iterator[Asked]:
    for spec, found in alternatives.items():
        method = str(spec)
        for one in found:
            yield Asked(method, one.answers, str(one.spec), DEFAULT)
        if MARGIN in runs:
            yield Asked(method, ((TARGET_QUESTION, "margin"),), method, MARGIN)
        for over in OVER:
            if over != DEFECTIVE:
                yield Asked(method, ((OVER_QUESTION, over),), method, DEFAULT, over)


def _specs(asked: list[Asked], run: str, by_text: dict[str, MethodSpec]) -> tuple[MethodSpec, ...]:
    """Return the specs that are asked of one run, each once."""
    return tuple(dict.fromkeys(by_text[one.spec] for one in asked if one.run == run))


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
