"""Tiny images and masks for fake trees (see `datasets.registry.fake_tree`).

Surfaces are dark and their defects bright, so that a test can tell whether a mask belongs to its image. What is drawn
depends on the names of the file and of its folder alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SQUARE, STRIP = (24, 24), (40, 16)
"""(height, width) in pixels."""
DARK, BRIGHT = 90, 230
"""Mean grey level of a surface, and the grey level of a defect."""
SIDE = 8
"""Height and width of a defect in pixels."""
MaskKind = Literal["grey", "faint", "palette", "bilevel"]
"""How a mask is stored: 0 and 255, 0 and 1, indices of a palette, or one bit a pixel."""
_LEVELS = {"grey": 255, "faint": 1, "palette": 2}
_COLOURS = [0, 0, 0, 255, 0, 0, 0, 0, 1]


def save(path: Path, values: NDArray[Any]) -> Path:
    """Write an array as an image file, make the folders that it needs, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def write_good(image: Path, *, shape: tuple[int, int] = SQUARE, bits: int = 8) -> None:
    """Write an image of (height, width) `shape` without a defect, with 8 or 16 bits a pixel."""
    save(image, _surface(image, np.zeros(shape, dtype=np.bool_), bits))


def write_empty_mask(mask: Path, shape: tuple[int, int] = SQUARE) -> None:
    """Write a mask of (height, width) `shape` on which nothing is defective."""
    save(mask, np.zeros(shape, dtype=np.uint8))


def write_defective(
    image: Path, mask: Path, *, shape: tuple[int, int] = SQUARE, bits: int = 8, kind: MaskKind = "grey"
) -> None:
    """Write an image with a square defect, and its mask.

    Args:
        image: path of the image; the place of the defect depends on its name and folder.
        mask: path of the mask.
        shape: (height, width) of both in pixels, at least 16 each.
        bits: 8 or 16 bits a pixel of the image.
        kind: how the mask is stored.
    """
    top, left = _random(image).integers(0, SIDE, 2)
    defect = np.zeros(shape, dtype=np.bool_)
    defect[top : top + SIDE, left : left + SIDE] = True
    save(image, _surface(image, defect, bits))
    mask.parent.mkdir(parents=True, exist_ok=True)
    stored = Image.fromarray(defect if kind == "bilevel" else defect.astype(np.uint8) * np.uint8(_LEVELS[kind]))
    if kind == "palette":
        stored.putpalette(_COLOURS)
    stored.save(mask)


def _surface(image: Path, defect: NDArray[np.bool_], bits: int) -> NDArray[Any]:
    values = _random(image).integers(DARK - 30, DARK + 30, defect.shape)
    values[defect] = BRIGHT
    return values.astype(np.uint8) if bits == 8 else (values * 257).astype(np.uint16)


def _random(image: Path) -> np.random.Generator:
    return np.random.default_rng(list("/".join(image.parts[-2:]).encode()))
