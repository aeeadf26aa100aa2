"""One run that is asked for, in values that were checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.runs.experiment import Experiment, find
from bench.runs.runner import Evaluation
from bench.runs.settings import PICTURES, RUNS, StudySettings
from methods import MethodSpec


@dataclass(frozen=True)
class Request:
    """What is to be run.

    Attributes:
        experiment: dataset and classifiers.
        evaluation: methods, target and splits.
        plugins: files that registered methods; a change of them makes another run.
        out: folder of the run, or None for one of its own in `runs`.
        budget: minutes for methods that need forward passes of their own; None: no limit.
        pictures: of how many images pictures are kept, or of which, by id.
        runs: folder of runs.
    """

    experiment: Experiment
    evaluation: Evaluation
    plugins: tuple[Path, ...] = ()
    out: Path | None = None
    budget: float | None = None
    pictures: int | tuple[str, ...] = PICTURES
    runs: Path = RUNS


def request_study(settings: StudySettings, specs: Sequence[MethodSpec], splits: tuple[str, ...] = ()) -> Request:
    """Return the request of a study: its methods on all images of the splits, with the default target.

    Raises:
        BenchError, DatasetError: as `bench.runs.experiment.find`.
    """
    experiment = find(settings)
    return Request(experiment, Evaluation(tuple(specs), experiment.target(), splits), settings.plugin, settings.out)
