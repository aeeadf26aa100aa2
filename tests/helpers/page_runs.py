"""A run with cells, pictures and odd names, for the tests of the page."""

from urllib.parse import quote

import numpy as np
from PIL import Image

from tests.helpers.small_runs import cell, store

METHODS = ["ra-cam@50", "grad-cam", "layer-cam"]
ODD = "<img src=x onerror=alert(1)>/\"1'"
"""A name that a page must not take for its own text."""
SIZE = (40, 24)
BAD = "<script>alert(2)</script>"


def mask():
    marked = np.zeros(SIZE, np.uint8)
    marked[10:20, 6:14] = 255
    return marked


def levels(number):
    """Return a map, (40, 24), that is the brighter the nearer to the defect; sharper with each `number`."""
    rows, columns = np.indices(SIZE)
    far = np.hypot(rows - 15, columns - 10) * (1 + number)
    return np.clip(255 - 8 * far, 0, 255).round().astype(np.uint8)


def counted(values, marked):
    return {
        int(level): int(pixels) for level, pixels in zip(*np.unique(values[marked], return_counts=True), strict=True)
    }


def make(folder, images=("a/0", ODD, "b/2", "c/3"), kinds=("pit", "scratch", "pit", "scratch")):
    """Write a run of three methods on defective images and one without a defect, with pictures, and return it."""
    found = []
    on = mask() > 0
    for image, kind in zip(images, kinds, strict=True):
        where = folder / "gallery" / quote(image, safe="")
        where.mkdir(parents=True)
        noise = np.random.default_rng(0).integers(90, 160, SIZE, dtype=np.uint8)
        for name, pixels in {"image": noise, "mask": mask()}.items():
            Image.fromarray(pixels).save(where / f"{name}.png")
        for number, method in enumerate(METHODS):
            values = np.roll(levels(number), 2 * images.index(image), axis=1)
            Image.fromarray(values).save(where / f"{quote(method, safe='')}.png")
            fields = {"label": kind, "defect": counted(values, on), "other": counted(values, ~on)}
            found.append(cell(image, method, group=image, **fields))
        found.append(cell(image, "cam", defect={0: 80}, other={0: 880}, label=kind, status="failed", reason=BAD))
    found += [cell("good/0", method, other={0: 800, 200: 160}) for method in METHODS]
    store(folder, found)
    return folder
