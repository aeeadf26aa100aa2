"""Training from image labels alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import torch
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import WeightedRandomSampler

from bench.batches import Photographs, batches
from bench.classifiers.checkpoint import Metrics
from bench.classifiers.networks import NetworkConfig, build, prepare
from bench.classifiers.recipe import Recipe
from bench.errors import BenchError

Progress = Callable[[int, int, str], None]
"""Told (steps done, steps in all, what the last epoch showed)."""


@dataclass(frozen=True)
class TrainingSet:
    """What is learned from.

    Attributes:
        table: a sample table, every `split` filled.
        classes: names of the classes, "good" first.
        size: (height, width) of the input in pixels.
    """

    table: pd.DataFrame
    classes: tuple[str, ...]
    size: tuple[int, int]

    def photographs(self, split: str, channels: int) -> Photographs:
        """Return the photographs of one split; their masks are withheld."""
        rows = self.table[self.table["split"] == split].assign(mask_path="")
        return Photographs(rows, self.size, channels, self.classes)


def train(
    config: NetworkConfig,
    data: TrainingSet,
    recipe: Recipe,
    *,
    weights: str = "none",
    seed: int = 0,
    device: torch.device,
    progress: Progress = lambda *_: None,
) -> tuple[nn.Module, dict[str, Metrics]]:
    """Train a network and keep the epoch with the best validation average precision.

    Returns:
        The network in evaluation mode, and its metrics on the validation and on the test split.

    Raises:
        BenchError: the training split lacks a class, or a photograph cannot be read.
    """
    present = set(data.table["label"][data.table["split"] == "train"])
    if absent := set(data.classes) - present:
        raise BenchError(f"the training split has no photograph of the class {min(absent)}")
    network = build(config, weights=weights, seed=seed).to(device).to(memory_format=torch.channels_last)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        _fit(network, config, data, recipe, seed, device, progress)
        network.eval()
        metrics = {split: evaluate(network, config, data, split, device) for split in ("val", "test")}
    return network, metrics


def evaluate(network: nn.Module, config: NetworkConfig, data: TrainingSet, split: str, device: torch.device) -> Metrics:
    """Measure a network in evaluation mode on one split.

    Raises:
        BenchError: a photograph cannot be read.
    """
    logits, labels = _predict(network, config, data, split, device)
    defective, predicted = (labels > 0).numpy(), logits.argmax(1)
    scores = (torch.logsumexp(logits[:, 1:], 1) - logits[:, 0]).numpy()
    both = defective.any() and not defective.all()
    return Metrics(
        accuracy=float((predicted == labels).double().mean()),
        average_precision=float(average_precision_score(defective, scores)) if both else None,
        auroc=float(roc_auc_score(defective, scores)) if both else None,
        loss=float(cross_entropy(logits, labels, weight=_balance(labels, len(data.classes)))),
        confusion=confusion_matrix(labels, predicted, labels=range(len(data.classes))).tolist(),
    )


@torch.no_grad()
def _predict(
    network: nn.Module, config: NetworkConfig, data: TrainingSet, split: str, device: torch.device
) -> tuple[Tensor, Tensor]:
    logits, labels = [], []
    for batch in batches(data.photographs(split, config.channels), 8, device=device):
        _check_read(batch.failures)
        logits.append(network(prepare(batch.images, config)).float().cpu())
        labels.append(batch.labels.cpu())
    return torch.cat(logits), torch.cat(labels)


def _fit(
    network: nn.Sequential,
    config: NetworkConfig,
    data: TrainingSet,
    recipe: Recipe,
    seed: int,
    device: torch.device,
    progress: Progress,
) -> None:
    """Train in place; at the end the weights are those of the best epoch."""
    photographs = data.photographs("train", config.channels)
    generator = torch.Generator().manual_seed(seed)
    sampler = _balanced_sampler(data, generator)
    steps = -(-len(photographs) // recipe.batch)
    optimiser, scheduler = _optimiser(network, recipe, steps)
    best, best_state, stale, shown = (-1.0, 0.0), copy.deepcopy(network.state_dict()), 0, ""
    for epoch in range(recipe.epochs):
        network.train()
        for step, batch in enumerate(batches(photographs, recipe.batch, sampler=sampler, device=device)):
            _check_read(batch.failures)
            images = prepare(_augment(batch.images.float(), recipe.brightness, generator), config)
            with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
                loss = cross_entropy(network(images.contiguous(memory_format=torch.channels_last)), batch.labels)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            scheduler.step()
            progress(epoch * steps + step + 1, recipe.epochs * steps, shown)
        network.eval()
        measured = evaluate(network, config, data, "val", device)
        precision = measured.average_precision or 0.0
        shown = f"validation average precision {precision:.3f}"
        reached = (precision, -measured.loss)
        stale += 1
        if reached > best:
            best, best_state, stale = reached, copy.deepcopy(network.state_dict()), 0
        if stale == recipe.patience:
            break
    network.load_state_dict(best_state)


def _balance(labels: Tensor, classes: int) -> Tensor:
    """Return class weights by which every class counts the same."""
    counts = torch.bincount(labels, minlength=classes)
    return torch.where(counts > 0, 1 / counts.clamp(min=1), 0)


def _balanced_sampler(data: TrainingSet, generator: torch.Generator) -> WeightedRandomSampler:
    """Draw every class equally often."""
    names = data.table["label"][data.table["split"] == "train"]
    labels = torch.tensor([data.classes.index(name) for name in names])
    weights = _balance(labels, len(data.classes))[labels]
    return WeightedRandomSampler(weights.tolist(), len(labels), generator=generator)


def _optimiser(
    network: nn.Sequential, recipe: Recipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    body = list(network.get_submodule("features").parameters())
    known = {id(parameter) for parameter in body}
    head = [parameter for parameter in network.parameters() if id(parameter) not in known]
    groups = [{"params": body, "lr": recipe.body_rate}, {"params": head, "lr": recipe.head_rate}]
    optimiser = torch.optim.SGD(groups, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    total = steps * recipe.epochs
    if recipe.schedule == "cosine":
        return optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, total)
    rates = [recipe.body_rate, recipe.head_rate]
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total, cycle_momentum=False)


def _augment(images: Tensor, brightness: float, generator: torch.Generator) -> Tensor:
    """Flip each image at random along each axis and change its brightness a little."""
    draws = torch.rand(3, len(images), 1, 1, 1, generator=generator).to(images.device)
    images = torch.where(draws[0] < 0.5, images.flip(2), images)
    images = torch.where(draws[1] < 0.5, images.flip(3), images)
    return (images * (1 + brightness * (2 * draws[2] - 1))).clamp(max=255)


def _check_read(failures: tuple[tuple[str, str], ...]) -> None:
    for _, reason in failures:
        raise BenchError(f"training needs every photograph: {reason}")
