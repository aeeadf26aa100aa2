"""The few pictures that a run keeps, so that a report can show what was scored."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pandas as pd
from PIL import Image
from torch import Tensor

from datasets import GOOD

PICTURES = 6


class Gallery:
    """Photographs, masks and levels of a few images, as 8-bit PNG files.

    One folder an image, ``image.png``, ``mask.png`` and one file a method; names are percent-encoded.
    """

    def __init__(self, folder: Path, images: tuple[str, ...]) -> None:
        """Keep pictures of `images`, by id, under `folder`."""
        self._folder = folder
        self._images = frozenset(images)

    def __contains__(self, image: str) -> bool:
        """Tell whether pictures of this image are kept."""
        return image in self._images

    def keep(self, image: str, name: str, values: Tensor) -> None:
        """Write one picture, (H, W) or (C, H, W) uint8."""
        path = self._folder / quote(image, safe="") / f"{quote(name, safe='')}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = values.cpu().numpy()
        Image.fromarray(pixels.transpose(1, 2, 0).squeeze() if pixels.ndim == 3 else pixels).save(path)


def choose(samples: pd.DataFrame) -> tuple[str, ...]:
    """Return the ids of up to `PICTURES` defective photographs, evenly spaced in the order of their ids."""
    defective = samples["id"][samples["label"] != GOOD].sort_values().tolist()
    count = min(PICTURES, len(defective))
    return tuple(defective[number * len(defective) // count] for number in range(count))
