"""One classifier of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.classifiers.checkpoint import TrainingPlan
from bench.classifiers.training import TrainingSet


@dataclass(frozen=True)
class Assignment:
    """One classifier to be trained: its plan, its images, and where its checkpoint is to be."""

    plan: TrainingPlan
    data: TrainingSet
    path: Path
