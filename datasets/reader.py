"""From files to arrays: images and masks at the input size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import DatasetError


def read_image(path: str, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """Read an image.

    Args:
        path: any format that Pillow reads, 8 or 16 bits a channel.
        size: (height, width) in pixels; resized bilinearly, with antialiasing.
        channels: 1 for grey, 3 for RGB.

    Returns:
        (channels, height, width), 0 to 255.

    Raises:
        DatasetError: the file cannot be read as an image.
    """
    image = _open(path)
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray((np.asarray(image, dtype=np.float64) / 257).clip(0, 255).astype(np.uint8))
    image = image.convert("RGB" if channels == 3 else "L")
    if image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.BILINEAR)
    return np.atleast_3d(np.asarray(image)).transpose(2, 0, 1).copy()


def read_mask(path: str, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Read a mask: every value above 0 is defective, at any bit depth, and whether grey, in colour or with a palette.

    Args:
        path: any format that Pillow reads; empty for an image without a defect.
        size: (height, width) in pixels; resized to the nearest neighbour, never dilated.

    Returns:
        (height, width).

    Raises:
        DatasetError: the file cannot be read as an image.
    """
    if not path:
        return np.zeros(size, dtype=np.bool_)
    values = mask_values(path)
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.int64) for new, old in zip(size, values.shape, strict=True)
    )
    resized: NDArray[np.bool_] = values[np.ix_(rows, columns)]
    return resized


def read_own_mask(image_path: str, mask_path: str) -> NDArray[np.bool_]:
    """Read a mask at the (height, width) of its image; nothing is defective where `mask_path` is empty.

    Raises:
        DatasetError: a file cannot be read as an image.
    """
    width, height = _open(image_path).size
    return read_mask(mask_path, (height, width))


def mask_values(path: str) -> NDArray[np.bool_]:
    """Read a mask at its own (height, width): True where it is above 0.

    Raises:
        DatasetError: the file cannot be read as an image.
    """
    image = _open(path)
    if "A" in image.getbands():
        image = image.convert("RGB" if "R" in image.getbands() else "L")
    values: NDArray[np.bool_] = np.asarray(image) > 0
    defective: NDArray[np.bool_] = np.asarray(np.any(np.atleast_3d(values), axis=2))
    return defective


def _open(path: str) -> Image.Image:
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        what = "is empty" if Path(path).is_file() and not Path(path).stat().st_size else f"cannot be read ({error})"
        raise DatasetError(f"{path} {what}") from error
