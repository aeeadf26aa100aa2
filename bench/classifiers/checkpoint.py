"""Checkpoints: tensors as safetensors, and beside them a JSON card that says what was trained and how good it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from bench.classifiers.networks import NetworkConfig, build, prepare
from bench.classifiers.recipe import Recipe
from bench.classifiers.tensors import fill
from bench.errors import BenchError
from results.store.atomic import replacing
from results.store.manifest import Metrics
from results.store.record import Record, file_name


class Epoch(Record):
    """One epoch of the training curves.

    Attributes:
        loss: mean cross-entropy of its steps.
        val_loss: cross-entropy on the validation split, every class counted the same.
        val_precision: average precision there; None where a class is absent from it.
    """

    loss: float
    val_loss: float
    val_precision: float | None


class TrainingPlan(Record):
    """Everything that a trained classifier depends on; equal plans train the same classifier.

    Attributes:
        network: what is trained.
        weights: of the body before training: ``none``, ``imagenet``, or a file's name and the digest of its bytes.
        size: (height, width) of the input in pixels.
        classes: their names, "good" first if there are good images.
        dataset: its name.
        dataset_fingerprint: of the copy that it is trained on.
        split_fingerprint: of the split.
        fold: which of the `folds` is left out for testing; both are 0 for the single split.
        seed: of random weights, of the order of the images and of their augmentation.
        recipe: how it is trained.
        title: what the dataset is called where it is called after its folder; another title is no other plan.
    """

    network: NetworkConfig
    weights: str
    size: tuple[int, int]
    classes: tuple[str, ...]
    dataset: str
    dataset_fingerprint: str
    split_fingerprint: str
    fold: int
    folds: int
    seed: int
    recipe: Recipe
    title: str = ""

    @property
    def digest(self) -> str:
        """Return 8 hex digits that stand for all that the classifier depends on."""
        return hashlib.sha256(self.model_copy(update={"title": ""}).named_json().encode()).hexdigest()[:8]

    @property
    def file_name(self) -> str:
        """Name of the checkpoint: readable, with the digest of the plan."""
        network = f"{self.network.name}-{self.network.head}-{self.size[0]}x{self.size[1]}"
        fold = f"-fold{self.fold}of{self.folds}" if self.folds else ""
        readable = file_name(f"{self.title or self.dataset}-{network}{fold}-seed{self.seed}")
        return f"{readable}-{self.digest}.safetensors"


class Card(Record):
    """What is written beside a checkpoint.

    Attributes:
        plan: what the classifier depends on.
        metrics: how good the classifier is on the splits ``val`` and ``test``.
        versions: of Python, the platform and the libraries.
        epochs: the training curves, one entry for each epoch.
    """

    plan: TrainingPlan
    metrics: dict[str, Metrics]
    versions: dict[str, str]
    epochs: tuple[Epoch, ...] = ()


@dataclass(frozen=True)
class Classifier:
    """A network in evaluation mode, its card, and a fingerprint of its tensors."""

    network: nn.Module
    card: Card
    fingerprint: str

    def prepare(self, images: Tensor) -> Tensor:
        """Normalise uint8 images, (B, C, H, W), for the network."""
        return prepare(images, self.card.plan.network)


def save(network: nn.Module, card: Card, path: Path) -> None:
    """Write ``path`` (.safetensors) and its card, each as a whole, the tensors last.

    Tensors are stored in half precision where that loses nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(card.model_dump_json(indent=2) + "\n")
    with replacing(path) as temporary:
        save_file({key: tensor.contiguous() for key, tensor in _stored(network.state_dict()).items()}, temporary)


def load(path: Path, device: torch.device | str = "cpu") -> Classifier:
    """Read a checkpoint and its card.

    Raises:
        BenchError: a file is missing or damaged, or the tensors do not fit the network on the card.
    """
    card_path = path.with_suffix(".json")
    if not card_path.is_file():
        raise BenchError(f"{path} has no card {card_path.name} beside it; python -m bench train writes both")
    try:
        card = Card.model_validate(json.loads(card_path.read_text()))
    except ValueError as error:
        raise BenchError(f"{card_path} is not a card of a checkpoint: {error}") from error
    network = build(card.plan.network)
    fill(network, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return Classifier(network.to(device).eval(), card, digest)


def _stored(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return `tensors` with all floats in half precision, or as they are where that would lose anything."""
    halved = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in tensors.items()}
    lossless = all(torch.equal(halved[key].to(tensor.dtype), tensor) for key, tensor in tensors.items())
    return halved if lossless else tensors
