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
    """Return the seed of the image with this id, for methods that draw: the same in any batch and run."""
    return int(hashlib.sha256(image.encode()).hexdigest()[:8], 16)


@dataclass(frozen=True)
class Batch:
    """Images that could be read, and the ids and reasons of those that could not.

    Attributes:
        images: (B, C, H, W) uint8.
        masks: (B, H, W) bool.
        labels: (B,) int64, indices of classes.
        ids: names of the B images.
        failures: (id, reason) of the others.
    """

    images: Tensor
    masks: Tensor
    labels: Tensor
    ids: tuple[str, ...]
    failures: tuple[tuple[str, str], ...] = ()


class ImageDataset(Dataset[Batch]):
    """The rows of a sample table as batches of one."""

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
    """Yield batches of `size` images on `device`, in order or as `sampler` says."""
    pinned = device is not None and device.type == "cuda"
    loader = DataLoader(dataset, size, sampler=sampler, collate_fn=_collate, pin_memory=pinned)
    # A sampler may draw from the generator that its caller draws from, so its turn must not come early.
    for batch in _one_ahead(iter(loader)) if sampler is None else loader:
        yield Batch(
            batch.images.to(device, non_blocking=True),
            batch.masks.to(device, non_blocking=True),
            batch.labels.to(device, non_blocking=True),
            batch.ids,
            batch.failures,
        )


def _one_ahead(found: Iterator[Batch]) -> Iterator[Batch]:
    """Yield batches, of which the next is read while the caller works on one."""
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
