"""What goes to the terminal: results to the output, progress beside it and only where someone looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from bench.classifiers.checkpoint import TrainingPlan
    from bench.classifiers.training import Progress as TrainingProgress

COLUMNS = 100
"""Width of tables in files and pipes, which have none of their own."""

messages = Console(stderr=True)
"""What a program that reads the output must not see."""


def output() -> Console:
    """Return the console for results."""
    return Console(width=None if sys.stdout.isatty() else COLUMNS, highlight=False)


@contextmanager
def bar() -> Iterator[Progress]:
    """Show a progress bar within the context."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[shown]}"),
    )
    with Progress(*columns, console=messages, disable=not messages.is_terminal) as progress:
        yield progress


def training_progress(progress: Progress, plan: TrainingPlan) -> TrainingProgress:
    """Return what shows the training of `plan` in `progress`."""
    fold = f", fold {plan.fold + 1} of {plan.folds}" if plan.folds else ""
    task = progress.add_task(f"training {plan.network.name}{fold}, seed {plan.seed}", total=None, shown="")

    def show(done: int, total: int, shown: str) -> None:
        progress.update(task, completed=done, total=total, shown=shown)

    return show
