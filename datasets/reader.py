"""From files to arrays: images and masks at the set's input size, as a viewer shows them."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .errors import DatasetError

VARIABLE = "CAM_BENCH_MAX_PIXELS"
MAX_PIXELS = 1_000_000_000
"""Pixels of the largest image that is read unless the variable says otherwise: line-scan cameras give hundreds of
millions, and a damaged header may claim any number."""
_opening = Lock()


def read_image(path: str, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    """Read an image, turned as its EXIF orientation says; what is transparent is black.

    Values are scaled by their type: 16-bit and 32-bit integers from 0 to 65535; floats from 0 to 1, or from 0 to 255
    where one of them is above 1.

    Args:
        path: any format that Pillow reads.
        size: (height, width) in pixels; resized bilinearly, with antialiasing.
        channels: 1 for grey, 3 for RGB.

    Returns:
        (channels, height, width), 0 to 255.

    Raises:
        DatasetError: the file cannot be read as an image, or its values are out of the range of their type.
    """
    image = _flattened(open_image(path))
    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_scaled(np.asarray(image), path))
    image = image.convert("RGB" if channels == 3 else "L")
    if image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.BILINEAR)
    return np.atleast_3d(np.asarray(image)).transpose(2, 0, 1).copy()


def read_mask(path: str, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Read a mask at the input's size; see `mask_levels` for what counts as defective.

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
    width, height = open_image(image_path).size
    return read_mask(mask_path, (height, width))


def mask_values(path: str, above: float = 0) -> NDArray[np.bool_]:
    """Read a mask at its own size, (height, width): what is above a value in `mask_levels` is defective.

    Raises:
        DatasetError: the file cannot be read as an image.
    """
    defective: NDArray[np.bool_] = mask_levels(path) > above
    return defective


def mask_levels(path: str) -> NDArray[np.float64]:
    """Read a mask at its own size, (height, width), in its own values; as a rule every value above 0 is defective.

    Colours, those of a palette too, count with their brightest channel, so that black is no defect wherever it stands
    in the palette; what is transparent is black. The mask is turned as its EXIF orientation says.

    Raises:
        DatasetError: the file cannot be read as an image.
    """
    values = np.asarray(_flattened(open_image(path)), dtype=np.float64)
    return values.max(axis=2) if values.ndim == 3 else values


def open_image(path: str) -> Image.Image:
    """Open and decode an image file, and turn it as its EXIF orientation says.

    Raises:
        DatasetError: it is missing, empty, damaged, or has more pixels than `MAX_PIXELS`.
    """
    most = int(os.environ.get(VARIABLE, MAX_PIXELS))
    try:
        with _opened(path) as image:
            if image.width * image.height > most:
                raise DatasetError(
                    f"{path} has {image.width * image.height} pixels, of which {most} are read; set {VARIABLE} to more"
                )
            image.load()
            return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError) as error:
        what = "is empty" if Path(path).is_file() and not Path(path).stat().st_size else f"cannot be read ({error})"
        raise DatasetError(f"{path} {what}") from error


def _opened(path: str) -> Image.Image:
    """Open an image file without Pillow's own limit, which is for everyone in the process and is given back."""
    with _opening:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(path)
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _flattened(image: Image.Image) -> Image.Image:
    """Return an image without palette and transparency."""
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if "A" not in image.getbands():
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image).convert("RGB")


def _scaled(values: NDArray[np.generic], path: str) -> NDArray[np.uint8]:
    """Return integers or floats as 0 to 255."""
    numbers = np.asarray(values, dtype=np.float64)
    low, high = float(numbers.min()), float(numbers.max())
    most = 65535 if np.issubdtype(values.dtype, np.integer) else 255 if high > 1 else 1
    if not (low >= 0 and high <= most):
        raise DatasetError(
            f"{path} has values from {low:g} to {high:g}: integers are read from 0 to 65535, floats from 0 to 1 or to "
            "255"
        )
    return (numbers * (255 / most)).astype(np.uint8)
