"""Evidence without a network: random tensors where a method looks."""

from dataclasses import dataclass

import torch

from tests.helpers.small_networks import SIZE


@dataclass
class MadeUp:
    """Evidence without a network: random tensors where a method looks."""

    activations: torch.Tensor
    weights: torch.Tensor
    input: torch.Tensor
    seeds: tuple
    layers: tuple = ("first", "last")

    def activation(self, layer):
        return self.activations if layer == "last" else -self.activations

    def class_weights(self):
        return self.weights

    @property
    def score(self):
        return self.activations.square().mean((1, 2, 3)) - 0.5

    def gradient(self, layer):
        return self.activation(layer).flip(1, 2)

    def scores(self, image, count, build):
        """Depends on where a variant is large, and not linearly."""
        variants = torch.cat([build(first, min(first + 2, count)) for first in range(0, count, 2)])
        where = torch.linspace(-1, 1, variants[0].numel(), dtype=torch.float64).view(variants.shape[1:])
        return (where * variants + (image + 1) * 0.1 * variants.square()).flatten(1).mean(1).tanh()

    def scores_behind(self, layer, image, count, build):
        return self.scores(image, count, build) + len(layer)

    def deep_lift(self, layer):
        return self.activation(layer) * self.activation(layer).flip(0)

    def relevance(self, layer):
        return self.deep_lift(layer).sin()

    def guided_gradient(self):
        return self.input.flip(1)

    def input_gradient(self):
        return self.input.flip(0)

    def bias_gradients(self):
        return {"first": self.activations, "last": -2 * self.activations[:, :3], "linear": self.weights}


def made_up(seed=0, count=3):
    random = torch.Generator().manual_seed(seed)
    return MadeUp(
        torch.randn(count, 5, 6, 8, generator=random, dtype=torch.float64),
        torch.randn(count, 5, generator=random, dtype=torch.float64),
        torch.randn(count, 3, *SIZE, generator=random, dtype=torch.float64),
        tuple(range(seed, seed + count)),
    )
