"""Folders laid out like the real datasets, of a few tiny files."""

import numpy as np
from PIL import Image

STRIP = (40, 16)
"""(height, width): KolektorSDD's images are strips."""
ITEMS, IMAGES = 10, 3
ODD_ITEM, ODD_IMAGES = "kos04", 7


def kolektor(root):
    """Write a KolektorSDD: the last image of each item is defective, but kos05's mask is empty.

    kos04 has seven images, and beside those of kos02 lies one whose name is not of the layout.
    """
    random = np.random.default_rng(0)
    for item in range(1, ITEMS + 1):
        folder = root / f"kos{item:02}"
        folder.mkdir(parents=True)
        count = ODD_IMAGES if folder.name == ODD_ITEM else IMAGES
        for number in range(count):
            Image.fromarray(random.integers(60, 190, STRIP, dtype=np.uint8)).save(folder / f"Part{number}.jpg")
            mask = np.zeros(STRIP, dtype=bool)
            mask[10:14, 3:9] = number == count - 1 and item != 5
            Image.fromarray(mask).save(folder / f"Part{number}_label.bmp")
    Image.fromarray(random.integers(60, 190, STRIP, dtype=np.uint8)).save(root / "kos02" / "Copy of Part1.jpg")
    return root


def png(path, values):
    """Write `values` as an image file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path
