"""Training from image labels alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import WeightedRandomSampler

from bench.classifiers.checkpoint import Epoch
from bench.classifiers.loading import Batch, ImageDataset, batches
from bench.classifiers.networks import BUILTIN, NetworkConfig, build, prepare
from bench.classifiers.recipe import Recipe
from bench.classifiers.tensors import fill
from bench.errors import BenchError
from bench.network.checking import logits_of, of_two_classes
from results.store.atomic import replacing
from results.store.cells import GOOD
from results.store.manifest import Metrics

Device = torch.device
Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, how good the last epoch was in words)."""


@dataclass(frozen=True)
class TrainingSet:
    """What a classifier is trained on.

    Attributes:
        table: a sample table, every `split` filled.
        classes: names of the classes, "good" first if there are good images.
        size: (height, width) of the input in pixels.
    """

    table: pd.DataFrame
    classes: tuple[str, ...]
    size: tuple[int, int]

    def images(self, split: str, channels: int) -> ImageDataset:
        """Return the images of one split, without their masks."""
        rows = self.table[self.table["split"] == split].assign(mask_path="")
        return ImageDataset(rows, self.size, channels, self.classes)


def train(
    config: NetworkConfig,
    data: TrainingSet,
    recipe: Recipe,
    *,
    weights: str = "none",
    seed: int = 0,
    device: Device,
    progress: Progress = lambda *_: None,
    unfinished: Path | None = None,
    checkpoint: Path | None = None,
) -> tuple[nn.Module, dict[str, Metrics], list[Epoch]]:
    """Train a network and keep the epoch with the best validation average precision.

    After every epoch the state of training is written to `unfinished`. Where that file is there, training goes on from
    it and ends as if it had never been interrupted. With a `checkpoint`, which holds all tensors, nothing is trained.
    The built-in network is rounded to half precision at the end; like all others it is used in single precision.

    Returns:
        The network in evaluation mode, its metrics on the splits ``val`` and ``test``, and its training curves.

    Raises:
        BenchError: the training split lacks a class, an image cannot be read, or the checkpoint does not fit.
    """
    present = set(data.table["label"][data.table["split"] == "train"])
    if absent := set(data.classes) - present:
        raise BenchError(f"the training split has no image of the class {min(absent)}")
    network = build(config, weights=weights, seed=seed)
    if checkpoint:
        fill(network, checkpoint)
    network = network.to(device).to(memory_format=torch.channels_last)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        fit = _Fit(network, config, data, recipe, seed, device)
        epochs = [] if checkpoint else fit.run(progress, unfinished)
        if config.name == BUILTIN and not checkpoint:
            network.half().float()  # its checkpoint is then small enough to be kept with a run
        network.eval()
        metrics = {split: evaluate(network, config, data, split, device) for split in ("val", "test")}
    return network, metrics, epochs


def evaluate(network: nn.Module, config: NetworkConfig, data: TrainingSet, split: str, device: Device) -> Metrics:
    """Return how good a network in evaluation mode is on one split; test images that cannot be read are left out.

    Raises:
        BenchError: an image of another split cannot be read, or no image of the test split can.
    """
    logits, labels = _predict(network, config, data, split, device)
    defective, predicted = (labels > 0).numpy(), logits.argmax(1)
    scores = (torch.logsumexp(logits[:, 1:], 1) - logits[:, 0]).numpy()
    both = data.classes[0] == GOOD and defective.any() and not defective.all()
    return Metrics(
        accuracy=float((predicted == labels).double().mean()),
        average_precision=float(average_precision_score(defective, scores)) if both else None,
        auroc=float(roc_auc_score(defective, scores)) if both else None,
        loss=float(cross_entropy(logits, labels, weight=_balance(labels, len(data.classes)))),
        confusion=confusion_matrix(labels, predicted, labels=range(len(data.classes))).tolist(),
    )


@torch.no_grad()
def _predict(
    network: nn.Module, config: NetworkConfig, data: TrainingSet, split: str, device: Device
) -> tuple[Tensor, Tensor]:
    logits, labels = [], []
    for batch in batches(data.images(split, config.channels), 8, device=device):
        if split != "test":
            _check_read(batch.failures)
        logits.append(_class_logits(network, prepare(batch.images, config), len(data.classes)).float().cpu())
        labels.append(batch.labels.cpu())
    if not sum(map(len, labels)):
        raise BenchError(f"none of the images of {split} can be read")
    return torch.cat(logits), torch.cat(labels)


class _Fit:
    """Training that may be interrupted after any epoch and goes on as if it had not been."""

    def __init__(
        self,
        network: nn.Module,
        config: NetworkConfig,
        data: TrainingSet,
        recipe: Recipe,
        seed: int,
        device: Device,
    ) -> None:
        self._network, self._config, self._data, self._recipe, self._device = network, config, data, recipe, device
        self._images = data.images("train", config.channels)
        self._generator = torch.Generator().manual_seed(seed)
        self._sampler = _balanced_sampler(data, self._generator)
        self._steps = -(-len(self._images) // recipe.batch)
        self._optimiser, self._scheduler = _optimiser(network, recipe, self._steps)
        self._best, self._best_state, self._stale = (-1.0, 0.0), copy.deepcopy(network.state_dict()), 0
        self.history: list[Epoch] = []

    def run(self, progress: Progress, unfinished: Path | None) -> list[Epoch]:
        """Train in place up to the weights of the best epoch, and return the training curves."""
        if unfinished and unfinished.is_file():
            self._restore(unfinished)
        while len(self.history) < self._recipe.epochs and self._stale < self._recipe.patience:
            loss = self._train_epoch(progress)
            if not math.isfinite(loss):
                lower = f"body_rate={self._recipe.body_rate / 10:g},head_rate={self._recipe.head_rate / 10:g}"
                raise BenchError(
                    f"training diverged: the loss is {loss} in epoch {len(self.history) + 1}; lower the rates: "
                    f"--recipe {lower}"
                )
            self._network.eval()
            measured = evaluate(self._network, self._config, self._data, "val", self._device)
            self.history.append(Epoch(loss=loss, val_loss=measured.loss, val_precision=measured.average_precision))
            reached, self._stale = (measured.average_precision or 0.0, -measured.loss), self._stale + 1
            if reached > self._best:
                self._best, self._best_state, self._stale = reached, copy.deepcopy(self._network.state_dict()), 0
            if unfinished:
                self._keep(unfinished)
        self._network.load_state_dict(self._best_state)
        return self.history

    def _train_epoch(self, progress: Progress) -> float:
        """Return the mean loss over the steps of one epoch."""
        total = torch.zeros((), device=self._device)
        done, all_steps = len(self.history) * self._steps, self._recipe.epochs * self._steps
        shown = f"validation average precision {self.history[-1].val_precision or 0:.3f}" if self.history else ""
        self._network.train()
        source = batches(self._images, self._recipe.batch, sampler=self._sampler, device=self._device)
        for step, batch in enumerate(source, 1):
            _check_read(batch.failures)
            total += self._step(batch)
            progress(done + step, all_steps, shown)
        return float(total / self._steps)

    def _step(self, batch: Batch) -> Tensor:
        images = prepare(_augment(batch.images.float(), self._recipe.brightness, self._generator), self._config)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._recipe.mixed(self._device.type)):
            prepared = images.contiguous(memory_format=torch.channels_last)
            loss = cross_entropy(_class_logits(self._network, prepared, len(self._data.classes)), batch.labels)
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._network.parameters(), self._recipe.clip)
        self._optimiser.step()
        self._scheduler.step()
        return loss.detach()

    def _keep(self, unfinished: Path) -> None:
        """Write everything that the next epochs depend on."""
        state = {
            "network": self._network.state_dict(),
            "best_state": self._best_state,
            "optimiser": self._optimiser.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "generator": self._generator.get_state(),
            "random": torch.get_rng_state(),
            "best": self._best,
            "stale": self._stale,
            "history": [epoch.model_dump() for epoch in self.history],
        }
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        with replacing(unfinished) as temporary:
            torch.save(state, temporary)

    def _restore(self, unfinished: Path) -> None:
        state = torch.load(unfinished, map_location="cpu", weights_only=True)
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._scheduler.load_state_dict(state["scheduler"])
        self._generator.set_state(state["generator"])
        torch.set_rng_state(state["random"])
        self._best, self._best_state, self._stale = tuple(state["best"]), state["best_state"], state["stale"]
        self.history = [Epoch(**epoch) for epoch in state["history"]]


def _class_logits(network: nn.Module, images: Tensor, classes: int) -> Tensor:
    """Return the logits, (B, classes), of prepared images; a single logit of two classes is that of the second one.

    Raises:
        BenchError: the network cannot be run on these images, or has another number of classes.
    """
    try:
        logits = of_two_classes(logits_of(network(images)))
    except ValueError as error:  # a normalisation over the batch, which is of one image at the end of an epoch
        if len(images) > 1:
            raise
        raise BenchError(f"a batch of one image cannot be used, change --recipe batch=...: {error}") from error
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        reason = str(error).partition("\n")[0]
        raise BenchError(f"the network does not take images of {tuple(images.shape[1:])}: {reason}") from error
    if logits.shape[1] != classes:
        raise BenchError(f"the network gives {logits.shape[1]} logits, and there are {classes} classes")
    return logits


def _balance(labels: Tensor, classes: int) -> Tensor:
    """Return class weights with which all classes count the same."""
    counts = torch.bincount(labels, minlength=classes)
    return torch.where(counts > 0, 1 / counts.clamp(min=1), 0)


def _balanced_sampler(data: TrainingSet, generator: torch.Generator) -> WeightedRandomSampler:
    """Return a sampler that draws every class equally often."""
    names = data.table["label"][data.table["split"] == "train"]
    labels = torch.tensor([data.classes.index(name) for name in names])
    weights = _balance(labels, len(data.classes))[labels]
    return WeightedRandomSampler(weights.tolist(), len(labels), generator=generator)


def _optimiser(
    network: nn.Module, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    body = list(dict(network.named_children()).get("features", network).parameters())
    known = {id(parameter) for parameter in body}
    head = [parameter for parameter in network.parameters() if id(parameter) not in known]
    rates = [recipe.body_rate, recipe.head_rate]
    groups = [{"params": part, "lr": rate} for part, rate in zip((body, head), rates, strict=True) if part]
    optimiser = torch.optim.SGD(groups, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    total = steps * recipe.epochs
    if recipe.schedule == "cosine":
        return optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, total)
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, rates[: len(groups)], total, cycle_momentum=False)


def _augment(images: Tensor, brightness: float, generator: torch.Generator) -> Tensor:
    """Flip each image at random along each axis and change its brightness a little."""
    draws = torch.rand(3, len(images), 1, 1, 1, generator=generator).to(images.device)
    images = torch.where(draws[0] < 0.5, images.flip(2), images)
    images = torch.where(draws[1] < 0.5, images.flip(3), images)
    return (images * (1 + brightness * (2 * draws[2] - 1))).clamp(max=255)


def _check_read(failures: tuple[tuple[str, str], ...]) -> None:
    for _, reason in failures:
        raise BenchError(f"training needs every image: {reason}")
