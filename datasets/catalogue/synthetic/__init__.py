"""The built-in set: surfaces with drawn defects, generated on first use, the same on every machine.

An item is one surface with four images: two without a defect and two with one. They depend on the seed, the size and
the item's number alone, not on how many items are generated.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import uuid
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import RandomState

from ...errors import DatasetError
from ...registry import dataset
from ...table import GOOD, sample_table
from .defects import DEFECTS, add_defect
from .surfaces import SURFACES, render

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .integers import Field, Shape

# Raise it whenever a pixel changes. It is part of the folder's name, so that old files are not taken for new ones.
VERSION = 1
SMALLEST = 32
# Images of each item, and how many of them are defective.
IMAGES, DEFECTIVE = 4, 2


@dataset(
    "synthetic",
    size=(128, 128),
    licence="MIT",
    citation=f"CAM bench, synthetic surfaces with drawn defects, version {VERSION}",
    url="made on the fly",
    generated=True,
)
def synthetic(root: Path) -> pd.DataFrame:
    """Return the sample table of the default set under `root`; it is generated if it is not there."""
    return generate(root)


def generate(root: Path, *, size: tuple[int, int] = (128, 128), items: int = 90, seed: int = 0) -> pd.DataFrame:
    """Generate a set under `root`, unless it is there already, and return its sample table.

    Args:
        root: folder in which the set gets a folder of its own.
        size: (height, width) of the images in pixels, each at least 32.
        items: number of physical items, with four images each.
        seed: 0 or more; another seed gives other items.

    Raises:
        DatasetError: an argument is out of range, or the set cannot be written or is damaged.
    """
    if min(size) < SMALLEST or items < 1 or seed < 0:
        raise DatasetError(
            f"the synthetic set needs sides of {SMALLEST} pixels or more, an item or more, a seed from 0 up; "
            f"got size={size}, items={items}, seed={seed}"
        )
    folder = root / f"synthetic-v{VERSION}-{size[0]}x{size[1]}-seed{seed}-items{items}"
    if not folder.is_dir():
        try:
            _make(folder, size, items, seed)
        except OSError as error:
            raise DatasetError(f"cannot write the synthetic set to {folder}: {error}") from error
    if len(list(folder.glob("*/*/*.bmp"))) != items * (IMAGES + DEFECTIVE):
        raise DatasetError(f"{folder} lacks files: delete it, and it will be made again")
    return sample_table(_rows(folder), folder)


def name_of(item: int, number: int) -> str:
    """Return the id of image `number`, 0 to 3, of an item, such as ``brushed-007/2-scratch``."""
    kinds, faults = list(SURFACES), list(DEFECTS)
    turn = item // len(kinds)
    # The two defects of an item differ; over all items, each meets every other defect and every surface.
    first, gap = turn % len(faults), 1 + turn // len(faults) % (len(faults) - 1)
    kind = (GOOD, GOOD, faults[first], faults[(first + gap) % len(faults)])[number]
    return f"{kinds[item % len(kinds)]}-{item:03d}/{number}-{kind}"


def draw_clean(seed: int, item: int, number: int, size: Shape) -> Field:
    """Draw an image without its defect: (H, W) grey levels from 0 to 255."""
    surface = name_of(item, number).rpartition("-")[0].partition("-")[0]
    return render(surface, _stream(seed, item), _stream(seed, item, number), size)


def draw(seed: int, item: int, number: int, size: Shape) -> tuple[Field, Field]:
    """Draw an image and its mask: (H, W) grey levels from 0 to 255, and (H, W) of 0 and 255."""
    clean = draw_clean(seed, item, number, size)
    kind = name_of(item, number).partition("/")[2][2:]
    if kind == GOOD:
        return clean, np.zeros_like(clean)
    return add_defect(kind, _stream(seed, item, number, "defect"), clean)


def _stream(*key: int | str) -> RandomState:
    """Return the random stream that belongs to `key`."""
    # Not numpy's Generator: only RandomState promises the same numbers in every future version.
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return RandomState(int.from_bytes(digest[:4], "big"))


def _make(folder: Path, size: Shape, items: int, seed: int) -> None:
    """Write the set's files to a temporary folder, which gets its name when it is complete."""
    aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")
    try:
        for item in range(items):
            for number in range(IMAGES):
                image, mask = draw(seed, item, number, size)
                name = name_of(item, number)
                _write(image, aside / "images" / f"{name}.bmp")
                if mask.any():
                    _write(mask, aside / "masks" / f"{name}.bmp")
        _finish(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _finish(aside: Path, folder: Path) -> None:
    """Rename `aside` to `folder`, unless another process was faster."""
    try:
        aside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _write(image: Field, path: Path) -> None:
    """Write (H, W) grey levels from 0 to 255 as an 8-bit BMP."""
    # A dataset's fingerprint is taken of its bytes. Those of a PNG depend on the compression library, and those of
    # Pillow's BMPs on its version (the palette's unused byte), so the file is laid out here.
    height, width = image.shape
    grey = np.arange(256, dtype=np.uint8)
    palette = np.stack([grey, grey, grey, np.zeros_like(grey)], axis=1).tobytes()
    # Rows are stored from the bottom up, each padded to a multiple of four bytes.
    pixels = np.pad(image[::-1].astype(np.uint8), ((0, 0), (0, -width % 4))).tobytes()
    start = 14 + 40 + len(palette)
    header = struct.pack("<2sIII", b"BM", start + len(pixels), 0, start)
    layout = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 0, len(pixels), 0, 0, 256, 256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + layout + palette + pixels)


def _rows(folder: Path) -> list[dict[str, str]]:
    """Read the rows of the sample table from the file names in `folder`."""
    rows = []
    for path in (folder / "images").glob("*/*.bmp"):
        good = path.stem.endswith(f"-{GOOD}")
        mask = folder / "masks" / path.parent.name / path.name
        rows.append(
            {
                "id": f"{path.parent.name}/{path.stem}",
                "group": path.parent.name,
                "split": "",
                "label": GOOD if good else "defect",
                "image_path": str(path),
                "mask_path": "" if good else str(mask),
            }
        )
    return rows
