"""From rows of a sample table to tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from bench.own import datasets


def seed_of(image: str) -> int:
    """Return the seed for random methods on the image with this id: the same in any batch and run."""
    return int(hashlib.sha256(image.encode()).hexdigest()[:8], 16)


@dataclass(frozen=True)
class Batch:
    """Images that could be read, and which could not, with the reasons.

    Attributes:
        images: (B, C, H, W) uint8.
        masks: (B, H, W) bool.
        labels: (B,) int64, indices of classes.
        ids: of the B images.
        failures: (id, reason) for each image that could not be read.
    """

    images: Tensor
    masks: Tensor
    labels: Tensor
    ids: tuple[str, ...]
    failures: tuple[tuple[str, str], ...] = ()


class ImageDataset(Dataset[Batch]):
    """The rows of a sample table, each as a batch of one image."""

    def __init__(self, table: pd.DataFrame, size: tuple[int, int], channels: int, classes: tuple[str, ...]) -> None:
        """Read rows of `table` at `size`, (height, width), with 1 or 3 channels."""
        self._rows = list(table[["id", "label", "image_path", "mask_path"]].itertuples(index=False, name=None))
        self._size, self._channels, self._classes = size, channels, classes

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._rows)

    def __getitem__(self, index: int) -> Batch:
        """Read one image and its mask."""
        name, label, image_path, mask_path = self._rows[index]
        try:
            image = datasets.read_image(image_path, self._size, self._channels)
            mask = datasets.read_mask(mask_path, self._size)
        except datasets.DatasetError as error:
            images = torch.empty((0, self._channels, *self._size), dtype=torch.uint8)
            masks, labels = torch.empty((0, *self._size), dtype=torch.bool), torch.empty(0, dtype=torch.int64)
            return Batch(images, masks, labels, (), ((name, str(error)),))
        number = torch.tensor([self._classes.index(label)])
        return Batch(torch.from_numpy(image)[None], torch.from_numpy(mask)[None], number, (name,))


def batches(
    dataset: ImageDataset,
    size: int,
    *,
    sampler: Sampler[int] | None = None,
    device: torch.device | None = None,
) -> Iterator[Batch]:
    """Yield batches of `size` images on `device`, in the order of the rows or of `sampler`."""
    pinned = device is not None and device.type == "cuda"
    loader = DataLoader(dataset, size, sampler=sampler, collate_fn=_collate, pin_memory=pinned)
    # A sampler may share a random generator with its caller, so nothing may be drawn ahead of its turn.
    for batch in _one_ahead(iter(loader)) if sampler is None else loader:
        yield Batch(
            batch.images.to(device, non_blocking=True),
            batch.masks.to(device, non_blocking=True),
            batch.labels.to(device, non_blocking=True),
            batch.ids,
            batch.failures,
        )


def _one_ahead(found: Iterator[Batch]) -> Iterator[Batch]:
    """Yield batches; the next one is read while the caller works on this one."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, found, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, found, None)
            yield batch


def _collate(parts: list[Batch]) -> Batch:
    return Batch(
        torch.cat([part.images for part in parts]),
        torch.cat([part.masks for part in parts]),
        torch.cat([part.labels for part in parts]),
        tuple(name for part in parts for name in part.ids),
        tuple(failure for part in parts for failure in part.failures),
    )
