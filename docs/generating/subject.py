"""What methods are shown on: the classifier that is kept with the built-in set's baseline, and a few of its images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

import bench
from bench.classifiers.checkpoint import Classifier, load
from bench.own import datasets
from results.store.baselines import CLASSIFIERS, SHIPPED

SHOWN = ("woven-067/2-stain", "milled-039/2-crack", "cast-031/2-pit")
"""Ids of images of the built-in set's test split."""
FORWARD_ONLY = "every-pixel"
"""A method that needs no more than a forward pass."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A classifier and images with defects.

    Attributes:
        classifier: of the baseline ``synthetic``.
        images: (B, C, H, W) uint8.
        masks: (B, H, W) bool.
    """

    classifier: Classifier
    images: Tensor
    masks: NDArray[np.bool_]

    def heatmaps(self, spec: str) -> Tensor:
        """Return the raw heatmaps of `spec`, (B, H, W).

        Raises:
            MethodError: the method has no answer on this network.
        """
        return bench.explain(self.classifier.network, self.classifier.prepare(self.images), spec)[spec]

    def work(self, spec: str) -> float:
        """Return the operations that `spec` costs on one image, in units of one forward pass of the network."""
        with FlopCounterMode(display=False) as counter:
            self.classifier.network(self.classifier.prepare(self.images[:1]))
        forward: int = counter.get_total_flops()
        return 1 + (self._operations(spec) - self._operations(FORWARD_ONLY)) / forward

    def _operations(self, spec: str) -> int:
        with FlopCounterMode(display=False) as counter:
            bench.explain(self.classifier.network, self.classifier.prepare(self.images[:1]), spec)
        operations: int = counter.get_total_flops()
        return operations


@cache
def subject() -> Subject:
    """Load the classifier, and make the images if they are not there."""
    (path,) = (SHIPPED / "synthetic" / CLASSIFIERS).glob("*.safetensors")
    classifier = load(path)
    plan = classifier.card.plan
    table = datasets.get_dataset(plan.dataset).samples(datasets.cache_folder()).set_index("id").loc[list(SHOWN)]
    images = [datasets.read_image(image, plan.size, plan.network.channels) for image in table["image_path"]]
    masks = [datasets.read_mask(mask, plan.size) for mask in table["mask_path"]]
    return Subject(classifier, torch.from_numpy(np.stack(images)), np.stack(masks))
