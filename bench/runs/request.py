"""One run that is asked for, in values that were checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.runs.experiment import Experiment
from bench.runs.runner import Evaluation
from bench.runs.settings import PICTURES, RUNS


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
