"""How a classifier is trained."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationError

from bench.classifiers.networks import BUILTIN, NetworkConfig
from bench.errors import BenchError
from results.store.record import Record


class Recipe(Record):
    """A training recipe.

    Attributes:
        epochs: at most; in each, as many images are drawn as the training split has.
        batch: images in a step.
        body_rate: highest learning rate of the convolutional body.
        head_rate: highest learning rate of the classifying layers.
        schedule: of the learning rates over all steps.
        momentum: of stochastic gradient descent.
        weight_decay: of all weights.
        clip: largest norm of the gradient; longer ones are scaled down to it.
        brightness: the brightness of each image is multiplied by a factor of up to 1 ± this.
        patience: training stops after this many epochs without a better validation average precision.
        precision: of the forward and backward passes; weights stay float32. ``auto`` is bfloat16 on a GPU and float32
            elsewhere.
    """

    FIRST: ClassVar = frozenset({
        "epochs", "batch", "body_rate", "head_rate", "schedule", "momentum", "weight_decay", "clip", "brightness",
        "patience", "precision",
    })  # fmt: skip

    epochs: PositiveInt = 6
    batch: PositiveInt = 8
    body_rate: PositiveFloat = 2e-3
    head_rate: PositiveFloat = 1e-2
    schedule: Literal["one-cycle", "cosine"] = "one-cycle"
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(1e-4, ge=0)
    clip: PositiveFloat = 5.0
    brightness: float = Field(0.1, ge=0, lt=1)
    patience: PositiveInt = 4
    precision: Literal["auto", "float32", "bfloat16"] = "auto"

    def changed(self, changes: str) -> Recipe:
        """Return the recipe with other values of some fields, e.g. ``epochs=6,batch=8``.

        Raises:
            BenchError: there is no such field, or it cannot have such a value.
        """
        pairs = [piece.partition("=") for piece in changes.split(",") if piece]
        try:
            return Recipe.model_validate(self.model_dump() | {key.strip(): value.strip() for key, _, value in pairs})
        except ValidationError as error:
            wrong = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
            raise BenchError(f"recipe {changes}: {wrong}; it has {', '.join(Recipe.model_fields)}") from error

    def mixed(self, device: str) -> bool:
        """Tell whether passes on a device of this type use bfloat16."""
        return self.precision == "bfloat16" or (self.precision == "auto" and device == "cuda")


def default_recipe(network: NetworkConfig) -> Recipe:
    """Return the recipe for a network: the built-in one has its own, all others share one for pretrained bodies."""
    if network.name == BUILTIN:
        return Recipe(epochs=12, batch=16, body_rate=0.05, head_rate=0.05, patience=6)
    return Recipe()
