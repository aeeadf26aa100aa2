"""One call of the suite: classifiers trained or loaded, cells computed and stored, the report written."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bench.classifiers.checkpoint import load
from bench.errors import BenchError
from bench.own import datasets
from bench.runs.assignment import Assignment
from bench.runs.budget import estimate, needs_extra_passes, within
from bench.runs.gallery import Gallery, choose, named, spread
from bench.runs.manifest import describe, make_manifest
from bench.runs.reporter import SILENT, Reporter
from bench.runs.request import Request
from bench.runs.runner import Evaluation, pending, run
from methods import MethodSpec
from results.store.run_store import RunStore


def execute(request: Request, reporter: Reporter = SILENT) -> Path:
    """Train what is not trained, compute what is not computed, and return the run's folder.

    Args:
        request: what is to be run.
        reporter: is told how it goes on.

    Raises:
        BenchError: there is no image of a name, nothing is defective, a classifier cannot be trained or loaded, or
            a network has not the layers that are asked for.
        ResultError: the folder holds another run.
    """
    experiment = request.experiment
    assignments = list(experiment.assignments())
    reporter.faults(experiment.copy.dataset.name, experiment.faults())
    for image in request.evaluation.images:
        experiment.check_image(image)
    tables = [request.evaluation.samples(one) for one in assignments]
    if all((table["label"] == datasets.GOOD).all() for table in tables):
        raise BenchError("no image that would be scored shows a defect")
    pictured = _pictured(request, tables)
    # Of each classifier only the record is held: a run's memory does not grow with folds and seeds.
    classifiers = {one.path.name: describe(experiment.classifier(one, reporter.training)) for one in assignments}
    manifest = make_manifest(experiment, request.evaluation, assignments[0].plan, classifiers, request.plugins)
    folder = request.out or request.runs / manifest.name
    store = RunStore(folder)
    store.begin(manifest)
    galleries = [Gallery(folder / "gallery", own) for own in spread(pictured, tables)]
    jobs = list(zip(assignments, galleries, strict=True))
    evaluation = _affordable(request, jobs, store, reporter)
    advance = reporter.heatmaps(sum(map(len, tables)))
    for one, gallery in jobs:
        classifier = load(one.path, experiment.device)
        run(one, classifier, evaluation, store, gallery, advance)
    return folder


def _pictured(request: Request, tables: list[pd.DataFrame]) -> tuple[str, ...]:
    """Return the ids of the images of which pictures are kept."""
    looked_at = pd.concat(tables).drop_duplicates(["id", "split"])
    if not isinstance(request.pictures, int):
        return named(looked_at, request.pictures)
    tested = looked_at[looked_at["split"] == "test"]
    # The same pictures whatever other splits a command looks at.
    return choose((tested if len(tested) else looked_at).drop_duplicates("id"), request.pictures)


def _affordable(
    request: Request, jobs: list[tuple[Assignment, Gallery]], store: RunStore, reporter: Reporter
) -> Evaluation:
    """Tell what the methods cost that ask the classifier again, and leave out what does not fit the budget."""
    evaluation, images = request.evaluation, Counter[MethodSpec]()
    for one, gallery in jobs:
        for rows, specs in pending(one, evaluation, store, gallery):
            images.update({spec: len(rows) for spec in specs if needs_extra_passes(spec)})
    if not images:
        return evaluation
    classifier = load(jobs[0][0].path, request.experiment.device)
    costs = estimate(classifier, evaluation.target, dict(images), evaluation.chunk)
    kept = within(costs, request.budget)
    reporter.costs(costs, kept)
    left_out = {cost.spec for cost in costs[len(kept) :]}
    return replace(evaluation, specs=tuple(spec for spec in evaluation.specs if spec not in left_out))
