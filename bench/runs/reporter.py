"""What is told of a run while it goes on, and by whom: the runs themselves know of no terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bench.classifiers.checkpoint import TrainingPlan
    from bench.classifiers.training import Progress as TrainingProgress
    from bench.runs.budget import Cost
    from bench.runs.runner import Advance

Progress = Callable[[str, int, int], None]
"""Told (what is being done, steps done, steps in all)."""


def training_title(plan: TrainingPlan) -> str:
    """Return what is said of the training of a classifier, e.g. ``training vgg16, fold 2 of 5, seed 0``."""
    fold = f", fold {plan.fold + 1} of {plan.folds}" if plan.folds else ""
    return f"training {plan.network.name}{fold}, seed {plan.seed}"


class Reporter(Protocol):
    """Is told how a run goes on."""

    def faults(self, dataset: str, faults: Sequence[str]) -> None:
        """Hear what is wrong with those images of a dataset that can be used all the same, a line each."""

    def costs(self, costs: Sequence[Cost], kept: Sequence[Cost]) -> None:
        """Hear what methods cost that need forward passes of their own, and which of them fit the budget."""

    def training(self, plan: TrainingPlan) -> TrainingProgress:
        """Hear that a classifier is trained; return what is told of each step."""

    def heatmaps(self, images: int) -> Advance:
        """Hear that heatmaps of so many images are computed; return what is told how many more are done."""


class ProgressReporter(Reporter):
    """Passes progress on to a function and leaves out all else; without a function it says nothing."""

    def __init__(self, progress: Progress | None = None) -> None:
        """Name the function that is called at every step."""
        self._progress = progress or (lambda *_: None)

    def faults(self, dataset: str, faults: Sequence[str]) -> None:
        """Say nothing: the cells of images that cannot be read say why."""

    def costs(self, costs: Sequence[Cost], kept: Sequence[Cost]) -> None:
        """Say nothing."""

    def training(self, plan: TrainingPlan) -> TrainingProgress:
        """Tell the steps under the name of the classifier."""
        return lambda done, total, _: self._progress(training_title(plan), done, total)

    def heatmaps(self, images: int) -> Advance:
        """Tell the number of images that are done."""
        done = 0

        def advance(more: int) -> None:
            nonlocal done
            done += more
            self._progress("heatmaps", done, images)

        return advance


SILENT = ProgressReporter()
