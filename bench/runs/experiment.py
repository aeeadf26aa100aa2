"""What is asked for on the command line, checked, and the classifiers that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from bench.classifiers.checkpoint import Card, Classifier, TrainingPlan, load, save
from bench.classifiers.networks import NetworkConfig
from bench.classifiers.recipe import Recipe
from bench.classifiers.tensors import name_weights
from bench.classifiers.training import Progress, TrainingSet, train
from bench.errors import BenchError
from bench.own import datasets
from bench.provenance import versions
from bench.runs.gallery import hint
from results.store.atomic import replacing
from results.store.baselines import baseline_classifier


@dataclass(frozen=True)
class ExperimentSettings:
    """One dataset, and the classifiers to be trained on it.

    Attributes:
        dataset: its name.
        data_root: its folder, or None for the usual places.
        group_by: regular expression on an image's id that gives its physical item; empty for the set's own items.
        one_kind: every kind of defect is called "defect", so that there are two classes.
        size: (height, width) of the input, or None for the set's own.
        folds: 0 for the single split, else the number of folds.
        seeds: how many classifiers to train on each fold, with the seeds 0, 1, ...
        network: what to train; `classes` is taken from the dataset.
        weights: of the body: ``none``, ``imagenet`` or a file.
        checkpoint: all tensors of a network that was trained elsewhere and is taken as it is, or None.
        recipe: how to train.
        cache: the folder of checkpoints; one that is kept with a baseline is taken from there.
        device: where to compute.
    """

    dataset: str
    data_root: Path | None
    group_by: str
    one_kind: bool
    size: tuple[int, int] | None
    folds: int
    seeds: int
    network: NetworkConfig
    weights: str
    checkpoint: Path | None
    recipe: Recipe
    cache: Path
    device: torch.device


@dataclass(frozen=True)
class Assignment:
    """One classifier to be trained: its plan, its images, and where its checkpoint is to be."""

    plan: TrainingPlan
    data: TrainingSet
    path: Path


@dataclass(frozen=True)
class Experiment:
    """A `ExperimentSettings` whose images were found."""

    settings: ExperimentSettings
    dataset: datasets.Dataset
    samples: pd.DataFrame
    fingerprint: str

    @property
    def size(self) -> tuple[int, int]:
        """Return (height, width) of the input in pixels."""
        return self.settings.size or self.dataset.size

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes, "good" first."""
        return datasets.classes_of(self.samples)

    def check_image(self, name: str) -> None:
        """Make sure that there is an image with the id `name`.

        Raises:
            BenchError: there is none; the message names near ones.
        """
        ids = self.samples["id"].tolist()
        if name not in ids:
            raise BenchError(f"there is no image {name!r}; {hint(name, ids)}")

    def faults(self) -> tuple[str, ...]:
        """Return what is wrong with the images, a line each.

        All of them are read, once for each copy of the dataset and size: what was found stays in the cache.
        """
        record = self.settings.cache / "{}-{}-{}x{}.faults".format(self.dataset.folder, self.fingerprint, *self.size)
        if not record.is_file():
            record.parent.mkdir(parents=True, exist_ok=True)
            found = datasets.faults.of_images(self.samples, self.size)
            with replacing(record) as temporary:
                temporary.write_text("".join(f"{fault}\n" for fault in found))
        return tuple(record.read_text().splitlines())

    def assignments(self) -> Iterator[Assignment]:
        """Yield one classifier for every fold and seed.

        Raises:
            DatasetError: files are missing, or a split lacks what it needs; the message lists all of it.
        """
        classes = self.classes
        network = self.settings.network.model_copy(update={"classes": len(classes)})
        weights = name_weights(self.settings.weights)
        if self.settings.checkpoint:
            weights = f"checkpoint:{name_weights(str(self.settings.checkpoint))}"
        for fold in range(max(self.settings.folds, 1)):
            table = datasets.assign(self.samples, folds=self.settings.folds, fold=fold)
            datasets.check(table, self.faults())
            for seed in range(self.settings.seeds):
                plan = TrainingPlan(
                    network=network,
                    weights=weights,
                    size=self.size,
                    classes=classes,
                    dataset=self.dataset.name,
                    dataset_fingerprint=self.fingerprint,
                    split_fingerprint=datasets.split_fingerprint(table),
                    fold=fold,
                    folds=self.settings.folds,
                    seed=seed,
                    recipe=self.settings.recipe,
                )
                data = TrainingSet(table, classes, self.size)
                kept = baseline_classifier(plan.file_name)
                yield Assignment(plan, data, kept or self.settings.cache / plan.file_name)

    def classifier(self, assignment: Assignment, progress: Callable[[TrainingPlan], Progress]) -> Classifier:
        """Load the classifier of an assignment; train it first, or to its end, if it is not in the cache.

        Raises:
            BenchError: it cannot be trained or loaded.
        """
        plan, settings = assignment.plan, self.settings
        if not assignment.path.is_file():
            unfinished = assignment.path.with_suffix(".unfinished")
            network, metrics, epochs = train(
                plan.network,
                assignment.data,
                plan.recipe,
                weights=settings.weights,
                seed=plan.seed,
                device=settings.device,
                progress=progress(plan),
                unfinished=unfinished,
                checkpoint=settings.checkpoint,
            )
            card = Card(plan=plan, metrics=metrics, versions=versions(), epochs=tuple(epochs))
            save(network, card, assignment.path)
            unfinished.unlink(missing_ok=True)
        return load(assignment.path, settings.device)


def find(settings: ExperimentSettings) -> Experiment:
    """Find the images of `settings`.

    Raises:
        BenchError: there is less than one seed, or one checkpoint for several classifiers.
        DatasetError: the dataset is unknown, not where it should be, or cannot be grouped.
    """
    if settings.seeds < 1:
        raise BenchError("at least one seed is needed")
    if settings.checkpoint and (settings.folds or settings.seeds > 1):
        raise BenchError("a checkpoint is one classifier: leave --folds and --seeds out")
    dataset = datasets.get_dataset(settings.dataset)
    samples = dataset.samples(datasets.find_root(dataset, settings.data_root))
    if settings.group_by:
        samples = datasets.group_by(samples, settings.group_by)
    if settings.one_kind:
        samples = datasets.merge_kinds(samples)
    if not dataset.generated:  # its items differ by construction
        samples = datasets.join_near_duplicates(samples)
    return Experiment(settings, dataset, samples, datasets.fingerprint(samples))
