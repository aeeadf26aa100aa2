"""The pictures that a run keeps, so that a report can show what was scored."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from PIL import Image
from torch import Tensor

from bench.errors import BenchError
from bench.own import datasets
from methods.spelling import did_you_mean

LONGEST_HINT = 300
"""Characters that are spent on ids which could have been meant."""


class Gallery:
    """Images, masks and levels of some images, as 8-bit PNG files at the size of the input.

    One folder an image, ``image.png``, ``mask.png`` and one file a method; names are percent-encoded.
    """

    def __init__(self, folder: Path, images: Collection[str]) -> None:
        """Keep pictures of `images`, by id, under `folder`."""
        self._folder = folder
        self._images = frozenset(images)

    def __contains__(self, image: str) -> bool:
        """Tell whether pictures of this image are kept."""
        return image in self._images

    def lacks(self, image: str, name: str) -> bool:
        """Tell whether a picture is to be kept and is not there yet."""
        return image in self and not self._path(image, name).is_file()

    def keep(self, image: str, name: str, values: Tensor) -> None:
        """Write one picture, (H, W) or (C, H, W) uint8."""
        path = self._path(image, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = values.cpu().numpy()
        Image.fromarray(pixels.transpose(1, 2, 0).squeeze() if pixels.ndim == 3 else pixels).save(path)

    def _path(self, image: str, name: str) -> Path:
        return self._folder / quote(image, safe="") / f"{quote(name, safe='')}.png"


def choose(samples: pd.DataFrame, most: int) -> tuple[str, ...]:
    """Return the ids of up to `most` defective images, evenly spaced in the order of their ids."""
    defective = samples["id"][samples["label"] != datasets.GOOD].sort_values().tolist()
    count = min(most, len(defective))
    return tuple(defective[number * len(defective) // count] for number in range(count))


def named(samples: pd.DataFrame, ids: Sequence[str]) -> tuple[str, ...]:
    """Return `ids`, each once.

    Raises:
        BenchError: one of them is none of `samples`; the message names near ones.
    """
    known = samples["id"].tolist()
    for one in ids:
        if one not in known:
            raise BenchError(f"gallery_ids: no image {one!r} is looked at; {hint(one, known)}")
    return tuple(dict.fromkeys(ids))


def hint(image: str, known: list[str]) -> str:
    """Return a phrase that names ids near to `image`, or some of all `known` ones."""
    return textwrap.shorten(did_you_mean(image, known), LONGEST_HINT, placeholder=" ...")


def spread(chosen: Collection[str], tables: Sequence[pd.DataFrame]) -> list[frozenset[str]]:
    """Return which of the `chosen` images each classifier keeps pictures of.

    Several classifiers may look at one image, with several folds or seeds: its pictures are of the first one that
    tests it, or else of the first one.

    Args:
        chosen: ids.
        tables: the images of each classifier.
    """
    first: dict[str, int] = {}
    for split in ("test", None):
        for number, table in enumerate(tables):
            for image in table["id"] if split is None else table["id"][table["split"] == split]:
                if image in chosen:
                    first.setdefault(image, number)
    return [frozenset(image for image, own in first.items() if own == number) for number in range(len(tables))]
