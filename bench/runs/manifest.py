"""What the manifest of a run says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bench.classifiers.checkpoint import Classifier, TrainingPlan
from bench.code_fingerprint import code_fingerprint
from bench.provenance import commit, versions
from bench.runs.experiment import Experiment
from bench.runs.runner import Evaluation
from results.store.manifest import Manifest, RunClassifier, RunNetwork


def make_manifest(
    experiment: Experiment,
    evaluation: Evaluation,
    plan: TrainingPlan,
    classifiers: dict[str, RunClassifier],
    plugins: tuple[Path, ...],
) -> Manifest:
    """Return the manifest of a run that starts now.

    Args:
        experiment: dataset and classifiers.
        evaluation: methods, target and splits.
        plan: of one of the classifiers; in what a manifest says of them, all agree.
        classifiers: by the name of the checkpoint.
        plugins: files that registered methods.
    """
    settings = experiment.settings
    head, dirty = commit()
    return Manifest(
        dataset=experiment.copy.dataset.name,
        title=experiment.copy.title,
        dataset_fingerprint=experiment.fingerprint,
        size=plan.size,
        folds=settings.folds,
        seeds=settings.seeds,
        network=RunNetwork(**plan.network.named()),
        weights=plan.weights,
        recipe=plan.recipe.named(),
        target=str(evaluation.target),
        evaluate_at=evaluation.evaluate_at,
        images=evaluation.images or None,
        classifiers=classifiers,
        code=code_fingerprint(plugins),
        plugins=tuple(path.name for path in plugins),
        device=str(experiment.device),
        versions=versions(),
        commit=head,
        dirty=dirty,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def describe(classifier: Classifier) -> RunClassifier:
    """Return what a manifest says of one classifier."""
    card = classifier.card
    return RunClassifier(
        fingerprint=classifier.fingerprint, split_fingerprint=card.plan.split_fingerprint, test=card.metrics["test"]
    )
