"""Images of 32 x 32 pixels whose defect is a bright square."""

import numpy as np
import pandas as pd
from PIL import Image

from bench.classifiers.training import TrainingSet
from datasets.table import COLUMNS

SIZE = (32, 32)
CLASSES = ("good", "defect")


def images(folder, *, train=(8, 8), val=(4, 4), test=(4, 4)):
    """Write (good, defective) images of each split under `folder`, and return their sample table."""
    random = np.random.default_rng(0)
    rows = []
    for split, numbers in {"train": train, "val": val, "test": test}.items():
        for label, number in zip(CLASSES, numbers, strict=True):
            for index in range(number):
                name = f"{split}-{label}-{index}"
                pixels = random.integers(90, 130, SIZE, dtype=np.uint8)
                mask = np.zeros(SIZE, dtype=np.uint8)
                if label == "defect":
                    top, left = random.integers(0, 20, 2)
                    mask[top : top + 12, left : left + 12] = 255
                    pixels[mask > 0] = 250
                rows.append((name, name, split, label, *_write(folder, name, pixels, mask)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def training_set(folder, **numbers):
    return TrainingSet(images(folder, **numbers), CLASSES, SIZE)


def _write(folder, name, pixels, mask):
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png", folder / f"{name}_mask.png"]
    Image.fromarray(pixels).save(paths[0])
    if not mask.any():
        return str(paths[0]), ""
    Image.fromarray(mask).save(paths[1])
    return str(paths[0]), str(paths[1])
