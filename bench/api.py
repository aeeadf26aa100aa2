"""Whole runs from Python: what ``python -m bench run`` does, without a terminal."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from bench.errors import BenchError
from bench.plugins import load_plugins
from bench.runs.experiment import Experiment, find
from bench.runs.reporter import Progress, ProgressReporter, Reporter
from bench.runs.request import Request
from bench.runs.run import execute
from bench.runs.runner import Evaluation
from bench.runs.settings import RunSettings
from methods import parse, select
from methods.adapters.counterparts import through
from reports import effects_figure, effects_table, methods_table, overview
from reports.page import write
from reports.paired_table import as_rows
from reports.summary import Summary, summarise
from results.metrics.thresholds import ThresholdPolicy, parse_policy
from results.statistics.ranking import Setting, compared_settings, duels
from results.store.run_store import RunStore
from results.studies.effects import Effects


@dataclass(frozen=True)
class RunResult:
    """A finished run, and what can be asked of it.

    Attributes:
        folder: of the run: manifest, cells and pictures.
        experiment: its images and classifiers.
        policy: how heatmaps are cut into masks.
        methods: the short text of each method that was run, with that of the method which it stands in for; these are
            the same where the suite's own code computes it.
    """

    folder: Path
    experiment: Experiment
    policy: ThresholdPolicy
    methods: Mapping[str, str]

    @cached_property
    def summary(self) -> Summary:
        """The scores of the methods, with what is published of them."""
        found = summarise(self.folder, self.policy, list(self.methods))
        known = found.published
        stand_ins = {name: known[own] for name, own in self.methods.items() if own in known}
        return replace(found, published=known | stand_ins)

    @cached_property
    def effects(self) -> Effects | None:
        """What the parts of the methods are worth; None where the methods are no full product of parts."""
        return effects_table.effects_of(self.folder, self.policy, list(self.methods))

    @cached_property
    def setting(self) -> Setting:
        """What each method in the run's folder predicts, item by item."""
        (found,) = compared_settings([RunStore(self.folder)], self.policy)
        return found

    def table(self) -> pd.DataFrame:
        """Return the scores: a row a method, all metrics in [0, 1].

        With several seeds the spread of a metric over them stands in a column ``spread_METRIC``.
        """
        rows = [row | {"published_iou": _share(row["published_iou"])} for row in self.summary.as_json()["rows"]]
        return pd.json_normalize(rows, sep="_").set_index("method")

    def compare(self, reference: str = "ra-cam") -> pd.DataFrame:
        """Compare every method with one of them, paired on physical items and corrected for their number.

        Args:
            reference: spec of a method in the run.

        Returns:
            A row a method: both IoUs and their difference in [0, 1] with its 95 % interval (``low``, ``high``), the
            corrected ``p``, and the ``verdict``.

        Raises:
            BenchError: the run has no other method.
            ResultError: the run does not have the reference.
        """
        name = str(parse(reference))
        challengers = [method for method in self.methods if method in self.setting.methods]
        rows = as_rows(duels(self.setting, challengers, name))
        if not rows:
            raise BenchError(f"the run has no method that could be compared with {name}")
        frame = pd.DataFrame({**row, "low": _end(row, 0), "high": _end(row, 1)} for row in rows)
        return frame.drop(columns="interval").set_index("method")

    def as_json(self) -> dict[str, Any]:
        """Return the scores and the effects of parts for a program; undefined values are None."""
        return self.summary.as_json() | ({"effects": effects_table.as_rows(self.effects)} if self.effects else {})

    def report(self) -> Path:
        """Write the page of the run, its table, an overview and the effects of parts into its folder.

        Returns:
            The page.
        """
        (self.folder / "table.md").write_text(methods_table.markdown(self.summary))
        overview.draw(self.folder, [row.spec for row in self.summary.rows if row.applicable])
        page, picture = self.folder / "effects.md", self.folder / "effects.png"
        if self.effects:
            page.write_text(effects_table.markdown(self.effects))
            effects_figure.draw(self.effects, picture)
        else:
            for earlier in (page, picture):
                earlier.unlink(missing_ok=True)
        return write(self.folder, self.policy)


def run(*, progress: Progress | None = None, **settings: Any) -> RunResult:
    """Run methods on the test images of a dataset; what a run has is not computed again.

    Classifiers that are not in the cache are trained first. Nothing is printed.

    Args:
        progress: is told (what is being done, steps done, steps in all).
        settings: those of `bench.runs.settings.RunSettings`, which are the options of ``python -m bench run``.

    Raises:
        BenchError: a setting cannot have such a value, or a classifier cannot be trained or loaded.
        DatasetError: the dataset is unknown, not where it should be, or lacks what a split needs.
        MethodError: a spec cannot be read.
        ResultError: the folder holds another run, or there is no such threshold.

    Examples:
        >>> result = run(dataset="folder", data_root="my images", methods="paper")  # doctest: +SKIP
        >>> result.table()["iou"].idxmax()  # doctest: +SKIP
        'ra-cam@50'
    """
    return measure(RunSettings.read(settings), ProgressReporter(progress))


def measure(settings: RunSettings, reporter: Reporter) -> RunResult:
    """Do what `run` does with settings that were read, and tell a reporter how it goes on."""
    load_plugins(settings.plugin)
    policy, asked = parse_policy(settings.threshold), select(settings.methods)
    if not asked:
        raise BenchError("no methods are named: write for example methods=grad-cam,ra-cam")
    specs = tuple(through(spec, settings.backend) for spec in asked)
    experiment = find(settings)
    evaluation = Evaluation(
        specs=specs,
        target=experiment.target(settings.target),
        splits=("test", "val") if policy.kind == "tuned" else ("test",),
        evaluate_at=settings.evaluate_at,
        images=tuple(dict.fromkeys(settings.image)),
        all_images=settings.all_images,
        chunk=settings.chunk,
    )
    pictures = tuple(part.strip() for part in settings.gallery_ids.split(",") if part.strip()) or settings.gallery
    request = Request(experiment, evaluation, settings.plugin, settings.out, settings.budget, pictures)
    folder = execute(request, reporter)
    return RunResult(folder, experiment, policy, dict(zip(map(str, specs), map(str, asked), strict=True)))


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _end(row: Mapping[str, Any], number: int) -> float | None:
    return row["interval"][number] if row["interval"] else None


vars(run)["__signature__"] = inspect.Signature(
    [*inspect.signature(RunSettings).parameters.values(), inspect.signature(run).parameters["progress"]]
)
