"""All that is wrong with a dataset's files and splits, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .copies import LocalCopy
from .errors import DatasetError
from .reader import mask_levels, open_image, read_image, read_mask
from .splits import assign
from .table import GOOD, SPLITS, classes_of, unmasked

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff"}
DARK = 16
"""Level, of 255, that some part of an image reaches unless something is wrong with its values or the lamp."""
THUMBNAIL = 64
"""Side in pixels at which the brightest part is looked for."""
NEARLY_ALL = 0.9
"""Share of a mask above which it is rather the background that it shows."""
MOST_KINDS = 16
"""Values of a mask that may be kinds of defect; more are the grey of JPEG, antialiasing or smooth resizing."""
ADD_GOOD = "add images of the same surface without a defect, labelled good"
MOST_SCANNED = 50_000
"""Files and folders that are searched for damaged images where the layout is wrong: it may be any folder."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        kind: about two words, such as ``missing mask``.
        path: the file or the folder; empty where the fault is in the table.
        text: what is wrong.
    """

    kind: str
    path: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.kind, self.path, self.text) if part)


def verify(copy: LocalCopy, size: tuple[int, int]) -> tuple[pd.DataFrame | None, list[Fault]]:
    """Read and check all images, masks and splits of a copy of a dataset.

    Args:
        copy: where it is, and how it is read.
        size: (height, width) of the input in pixels.

    Returns:
        The table with its splits, or None where it cannot be made; and all faults.
    """
    try:
        table = copy.samples()
    except DatasetError as error:
        damaged = _damaged_below(copy.root)
        named = any(fault.path in str(error) for fault in damaged)
        return None, damaged if named else [Fault("layout", "", str(error)), *damaged]
    try:
        table = assign(table)
    except DatasetError as error:
        return None, [Fault("split", "", str(error)), *of_images(table, size)]
    return table, faults(table, size)


def faults(table: pd.DataFrame, size: tuple[int, int]) -> list[Fault]:
    """Return all faults of a table with splits, after reading every image and every mask.

    Args:
        table: a sample table from `assign`.
        size: (height, width) of the input in pixels.
    """
    return [*_of_splits(table), *of_images(table, size)]


def of_images(table: pd.DataFrame, size: tuple[int, int]) -> list[Fault]:
    """Return the faults of all images and masks of a sample table, read at the input `size` (height, width).

    That masks are not known, or that there are no good images, is told among them, and stops nothing.
    """
    # Pillow releases the interpreter's lock while it decodes.
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda row: list(_of_image(row, size)), table.itertuples(index=False))
        return [*_of_masks(table), *_of_classes(table), *chain.from_iterable(found)]


def check(table: pd.DataFrame, known: Sequence[str] = ()) -> None:
    """Raise one `DatasetError` that lists all faults if a split lacks what it needs or a file is missing.

    No image is read.

    Args:
        table: a sample table from `assign`.
        known: faults of images to list beside them. They alone raise nothing: a run records what it cannot read.
    """
    found = [*_of_splits(table), *chain.from_iterable(_of_files(row) for row in table.itertuples(index=False))]
    if found:
        lines = dict.fromkeys([*map(str, found), *known])
        raise DatasetError("\n  ".join(["the dataset cannot be used as it is:", *lines]))


def _of_splits(table: pd.DataFrame) -> Iterator[Fault]:
    classes = classes_of(table)
    counts = pd.crosstab(table["label"], table["split"]).reindex(
        index=pd.Index(classes), columns=pd.Index(SPLITS), fill_value=0
    )
    for split in SPLITS:
        if not counts[split].sum():
            yield Fault("empty split", "", f"there are no images in {split}")
    if len(classes) == 1 and classes != (GOOD,):
        yield Fault("one class", "", f"all images are labelled {classes[0]}; {ADD_GOOD}")
    for label, row in counts.iterrows():
        if not row["train"] and counts["train"].sum():
            there = f"{row['val']} in val, {row['test']} in test"
            yield Fault("absent class", "", f"there are no images of {label} in train ({there})")
    if counts["test"].sum() and not counts["test"].drop(GOOD, errors="ignore").sum():
        yield Fault("nothing to find", "", "there are no defective images in test")


def _of_masks(table: pd.DataFrame) -> Iterator[Fault]:
    """Yield which defective images have no mask; one fault stands for all where none has one."""
    lacking = table[unmasked(table)]
    if len(lacking) and len(lacking) == (table["label"] != GOOD).sum():
        text = f"none of the {len(lacking)} defective images has one: IoU and all that is taken with it are not known"
        yield Fault("missing masks", "", text)
        return
    for row in lacking.itertuples(index=False):
        text = f"it is labelled {row.label}, but has no mask: it is not scored where it is tested"
        yield Fault("missing mask", str(row.image_path), text)


def _of_classes(table: pd.DataFrame) -> Iterator[Fault]:
    """Yield that kinds are told from each other where there are no good images."""
    classes = classes_of(table)
    if GOOD not in classes and len(classes) > 1:
        text = f"classifiers tell {', '.join(classes)} from each other; for defects against good surfaces {ADD_GOOD}"
        yield Fault("no good images", "", text)


def _of_files(row: Any) -> Iterator[Fault]:
    """Yield which of a row's files are missing or empty, without reading them."""
    for kind, path in (("image", row.image_path), ("mask", row.mask_path)):
        if path and not Path(path).is_file():
            yield Fault(f"missing {kind}", path, "there is no such file")
        elif path and not Path(path).stat().st_size:
            yield Fault(f"damaged {kind}", path, "the file is empty")


def _of_image(row: Any, size: tuple[int, int]) -> Iterator[Fault]:
    missing = list(_of_files(row))
    yield from missing
    known = {fault.path for fault in missing}
    shape = None
    if row.image_path not in known:
        shape, problem = _decode(row.image_path)
        if problem:
            yield Fault("damaged image", row.image_path, problem)
        else:
            yield from _of_pixels(row)
    if row.mask_path and row.mask_path not in known:
        yield from _of_mask(row, shape, size)


def _of_pixels(row: Any) -> Iterator[Fault]:
    """Yield what is wrong with the values of an image that can be decoded."""
    try:
        brightest = int(read_image(row.image_path, (THUMBNAIL, THUMBNAIL), 1).max())
    except DatasetError as error:
        yield Fault("damaged image", row.image_path, str(error).removeprefix(f"{row.image_path} "))
        return
    if brightest < DARK:
        text = f"its brightest part reads as {brightest} of 255; stretch its values if it has fewer bits than its file"
        yield Fault("dark image", row.image_path, text)


def _of_mask(row: Any, shape: tuple[int, int] | None, size: tuple[int, int]) -> Iterator[Fault]:
    """Yield what is wrong with a mask file; `shape` is the image's (height, width), None if it cannot be read."""
    try:
        levels = mask_levels(row.mask_path)
    except DatasetError:
        yield Fault("damaged mask", row.mask_path, _decode(row.mask_path)[1])
        return
    if shape and levels.shape != shape:
        sizes = [f"{height}x{width}" for height, width in (levels.shape, shape)]
        yield Fault("other size", row.mask_path, f"the mask has {sizes[0]} pixels, {row.image_path} has {sizes[1]}")
    area = int((levels > 0).sum())
    if not area:
        yield Fault("empty mask", row.mask_path, f"nothing is defective in it, but the image is labelled {row.label}")
        return
    if not read_mask(row.mask_path, size).any():
        text = f"its {area} pixels are lost at {size[0]}x{size[1]}: take a larger --size"
        yield Fault("lost defect", row.mask_path, text)
    if area > NEARLY_ALL * levels.size:
        text = f"{100 * area / levels.size:.1f} % of it are defective; is it inverted, or its background not 0?"
        yield Fault("full mask", row.mask_path, f"{text} --mask-above VALUE says from where on a defect begins")
    elif (kinds := len(np.unique(levels[levels > 0]))) > MOST_KINDS:
        half = int((levels > levels.max() / 2).sum())
        text = f"it has {kinds} grey values; {area} pixels are above 0 and {half} above half of its maximum"
        yield Fault("grey mask", row.mask_path, f"{text}: say with --mask-above VALUE from where on a defect begins")


def _decode(path: str) -> tuple[tuple[int, int] | None, str]:
    """Return the (height, width) of an image file, or None and what is wrong with it."""
    try:
        image = open_image(path)
    except DatasetError as error:
        problem = str(error).removeprefix(f"{path} ")
        return None, problem.removeprefix("cannot be read (").removesuffix(")").removesuffix(f" {path!r}")
    return (image.height, image.width), ""


def _damaged_below(root: Path) -> list[Fault]:
    """Return a fault for each image file below `root` that cannot be read."""
    paths = [path for path in islice(root.rglob("*"), MOST_SCANNED) if path.suffix.lower() in SUFFIXES]
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda path: (str(path), _decode(str(path))[1]), filter(Path.is_file, paths))
        return [Fault("damaged file", path, problem) for path, problem in sorted(found) if problem]
