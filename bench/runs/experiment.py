"""From settings to images that were found, and to the classifiers that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch

from bench.classifiers.checkpoint import Card, Classifier, TrainingPlan, load, save
from bench.classifiers.networks import NetworkConfig, network_config
from bench.classifiers.recipe import Recipe, default_recipe
from bench.classifiers.tensors import name_weights
from bench.classifiers.training import Progress, TrainingSet, train
from bench.errors import BenchError
from bench.network.targets import Target, default_target, parse_target
from bench.own import datasets
from bench.plugins import load_plugins
from bench.provenance import versions
from bench.runs.assignment import Assignment
from bench.runs.gallery import hint
from bench.runs.settings import ExperimentSettings, read_size
from results.store.atomic import replacing
from results.store.baselines import baseline_classifier


@dataclass(frozen=True)
class Experiment:
    """What `ExperimentSettings` stand for: images that were found, and how classifiers are trained on them.

    Attributes:
        settings: what was asked for.
        copy: of the dataset of this name.
        samples: its sample table, as it is grouped and labelled here.
        fingerprint: of the table and its files.
        size: (height, width) of the input in pixels.
        network: what is trained.
        recipe: how it is trained.
        device: where everything is computed.
        cache: folder of checkpoints; one that is kept with a baseline is taken from there.
    """

    settings: ExperimentSettings
    copy: datasets.LocalCopy
    samples: pd.DataFrame
    fingerprint: str
    size: tuple[int, int]
    network: NetworkConfig
    recipe: Recipe
    device: torch.device
    cache: Path

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes, "good" first if there are good images."""
        return datasets.classes_of(self.samples)

    def target(self, text: str = "") -> Target:
        """Return the score that `text` names; by default that of the defect class, of several the predicted one.

        Raises:
            BenchError: there is no such target.
        """
        kinds = self.classes[0] != datasets.GOOD
        return parse_target(text, kinds=kinds) if text else default_target(len(self.classes), kinds=kinds)

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
        record = self.cache / "{}-{}-{}x{}.faults".format(self.copy.dataset.folder, self.fingerprint, *self.size)
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
        weights = name_weights(self.settings.weights)
        if self.settings.checkpoint:
            weights = f"checkpoint:{name_weights(str(self.settings.checkpoint))}"
        for fold in range(max(self.settings.folds, 1)):
            table = datasets.assign(self.samples, folds=self.settings.folds, fold=fold)
            datasets.check(table, self.faults())
            for seed in range(self.settings.seeds):
                plan = TrainingPlan(
                    network=self.network,
                    weights=weights,
                    size=self.size,
                    classes=classes,
                    dataset=self.copy.dataset.name,
                    title=self.copy.title,
                    dataset_fingerprint=self.fingerprint,
                    split_fingerprint=datasets.split_fingerprint(table),
                    fold=fold,
                    folds=self.settings.folds,
                    seed=seed,
                    recipe=self.recipe,
                )
                data = TrainingSet(table, classes, self.size)
                yield Assignment(plan, data, self._checkpoint(plan))

    def _checkpoint(self, plan: TrainingPlan) -> Path:
        """Return where the checkpoint of a plan is or will be; own images may have been called otherwise before."""
        kept = baseline_classifier(plan.file_name)
        trained = sorted(self.cache.glob(f"*-{plan.digest}.safetensors"))
        return kept or next(iter(trained), self.cache / plan.file_name)

    def classifier(self, assignment: Assignment, progress: Callable[[TrainingPlan], Progress]) -> Classifier:
        """Load the classifier of an assignment; train it first, or to its end, if it is not in the cache.

        Args:
            assignment: of this experiment.
            progress: is told that a classifier is trained, and returns what is told of each step.

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
                device=self.device,
                progress=progress(plan),
                unfinished=unfinished,
                checkpoint=settings.checkpoint,
            )
            card = Card(plan=plan, metrics=metrics, versions=versions(), epochs=tuple(epochs))
            save(network, card, assignment.path)
            unfinished.unlink(missing_ok=True)
        return load(assignment.path, self.device)


def find(settings: ExperimentSettings) -> Experiment:
    """Find the images of `settings`, and read what they say of classifiers.

    Raises:
        BenchError: a size, recipe, network or device cannot be had, or there is one checkpoint for several classifiers.
        DatasetError: the dataset is unknown, not where it should be, or cannot be grouped.
    """
    if settings.checkpoint and (settings.folds or settings.seeds > 1):
        raise BenchError("a checkpoint is one classifier: leave folds and seeds out")
    size = read_size(settings.size)
    config = network_config(settings.network, settings.head, settings.activation)
    recipe, device = default_recipe(config).changed(settings.recipe), find_device(settings.device)
    load_plugins(settings.plugin)
    copy = settings.find_copy(settings.dataset)
    samples = copy.samples()
    return Experiment(
        settings=settings,
        copy=copy,
        samples=samples,
        fingerprint=datasets.fingerprint(samples),
        size=size or copy.dataset.size,
        network=config.model_copy(update={"classes": len(datasets.classes_of(samples))}),
        recipe=recipe,
        device=device,
        cache=settings.checkpoints or datasets.cache_folder() / "classifiers",
    )


def find_device(name: str = "") -> torch.device:
    """Return the device of this name; without one the GPU where there is one, else the processor.

    Raises:
        BenchError: torch has no such device here.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise BenchError(f"device {name}: torch cannot compute there ({reason}); write cpu or cuda") from error
    return device
