"""What goes to the terminal: results to the output, progress beside it and only where someone looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from bench.classifiers.checkpoint import TrainingPlan
    from bench.classifiers.training import Progress as TrainingProgress
    from bench.runs.budget import Cost

COLUMNS = 100
"""Width of tables in files and pipes, which have none of their own."""

MINUTES_FROM = 90
"""Seconds from which a time is told in minutes."""
MOST_FAULTS = 20
"""That are told before a run."""

messages = Console(stderr=True)
"""What a program that reads the output must not see."""


def output() -> Console:
    """Return the console for results."""
    return Console(width=None if sys.stdout.isatty() else COLUMNS, highlight=False)


class RateColumn(ProgressColumn):
    """How many of a task's `unit` are done a second; empty for tasks without one."""

    def render(self, task: Task) -> Text:
        """Return the text; there is no rate before the first step."""
        unit, speed = task.fields.get("unit", ""), task.finished_speed or task.speed
        return Text(f"{speed:.3g} {unit}/s" if unit and speed else "", style="progress.data.speed")


def columns() -> tuple[ProgressColumn, ...]:
    """Return what a progress bar shows of a task."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[shown]}"),
    )


@contextmanager
def bar() -> Iterator[Progress]:
    """Show a progress bar within the context, where someone looks."""
    with Progress(*columns(), console=messages, disable=messages.quiet or not messages.is_terminal) as progress:
        yield progress


def tell_faults(dataset: str, faults: tuple[str, ...]) -> None:
    """Say what is wrong with the images of a dataset that can be used all the same."""
    for fault in faults[:MOST_FAULTS]:
        messages.print(fault, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if len(faults) > MOST_FAULTS:
        others = f"{len(faults) - MOST_FAULTS} more faults: python -m bench verify {dataset} lists all"
        messages.print(others, style="yellow", highlight=False, soft_wrap=True)


def tell_costs(costs: Sequence[Cost], kept: Sequence[Cost]) -> None:
    """Say what methods cost that need forward passes of their own, and which of them are left out."""
    for cost in costs:
        what = f"{cost.spec}: {cost.passes} forward passes an image, {cost.images} images"
        fate = "" if cost in kept else "; left out, since it does not fit the budget"
        messages.print(f"{what}, about {_span(60 * cost.minutes)}{fate}", markup=False, highlight=False, soft_wrap=True)


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= MINUTES_FROM else f"{seconds:.0f} s"


def training_progress(progress: Progress, plan: TrainingPlan) -> TrainingProgress:
    """Return what shows the training of `plan` in `progress`."""
    fold = f", fold {plan.fold + 1} of {plan.folds}" if plan.folds else ""
    task = progress.add_task(f"training {plan.network.name}{fold}, seed {plan.seed}", total=None, shown="")

    def show(done: int, total: int, shown: str) -> None:
        progress.update(task, completed=done, total=total, shown=shown)

    return show
