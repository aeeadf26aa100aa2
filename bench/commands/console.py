"""What goes to the terminal: results to the output, progress beside it and only where someone looks."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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

from bench.runs.reporter import Reporter, training_title

if TYPE_CHECKING:
    import pandas as pd

    from bench.classifiers.checkpoint import TrainingPlan
    from bench.classifiers.training import Progress as TrainingProgress
    from bench.runs.budget import Cost
    from bench.runs.runner import Advance

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


def conclude(started: float, next_step: str) -> None:
    """Print how long a command took that was `started`, as `time.perf_counter` tells it, and what to do next."""
    seconds = time.perf_counter() - started
    output().print(f"\nDone in {seconds:.0f} s. {next_step}", soft_wrap=True)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table for JSON; what is undefined is None."""
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
    return rows


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


class ConsoleReporter(Reporter):
    """Tells the messages' console how a run goes on, and shows a bar where someone looks."""

    def __init__(self, progress: Progress) -> None:
        """Name where steps are shown."""
        self._progress = progress

    def faults(self, dataset: str, faults: Sequence[str]) -> None:
        """Print the first faults, and how many there are beside them."""
        for fault in faults[:MOST_FAULTS]:
            _tell(fault, "yellow")
        if len(faults) > MOST_FAULTS:
            _tell(f"{len(faults) - MOST_FAULTS} more faults: python -m bench verify {dataset} lists all", "yellow")

    def costs(self, costs: Sequence[Cost], kept: Sequence[Cost]) -> None:
        """Print a line for each method."""
        for cost in costs:
            what = f"{cost.spec}: {cost.passes} forward passes an image, {cost.images} images"
            fate = "" if cost in kept else "; left out, since it does not fit the budget"
            _tell(f"{what}, about {_span(60 * cost.minutes)}{fate}")

    def training(self, plan: TrainingPlan) -> TrainingProgress:
        """Show a bar for the classifier, with what its last epoch gave."""
        task = self._progress.add_task(training_title(plan), total=None, shown="")

        def show(done: int, total: int, shown: str) -> None:
            self._progress.update(task, completed=done, total=total, shown=shown)

        return show

    def heatmaps(self, images: int) -> Advance:
        """Show a bar with the images a second."""
        task = self._progress.add_task("heatmaps", total=images, shown="", unit="images")
        return lambda more: self._progress.advance(task, more)

    def counting(self, what: str, total: int | None = None) -> Callable[[str], None]:
        """Show a bar for other work; what is returned is told the name of each part that is done."""
        task = self._progress.add_task(what, total=total, shown="")
        return lambda shown: self._progress.update(task, advance=1, shown=shown)


@contextmanager
def reporting(*, quiet: bool = False) -> Iterator[ConsoleReporter]:
    """Report to the terminal within the context; nothing but errors if `quiet`."""
    messages.quiet = quiet
    hidden = quiet or not messages.is_terminal
    with Progress(*columns(), console=messages, disable=hidden) as progress:
        yield ConsoleReporter(progress)


def _tell(text: str, style: str = "") -> None:
    messages.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= MINUTES_FROM else f"{seconds:.0f} s"
