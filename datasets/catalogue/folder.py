"""The user's own folder: good and defective images, and masks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
from PIL import Image

from ..errors import DatasetError
from ..fake_files import SQUARE, STRIP, MaskKind, write_defective, write_good
from ..reader import mask_values
from ..registry import dataset, fake_tree
from ..table import GOOD, SPLITS, rows_of, sample_table

_LAYOUT = (
    "it should hold good/, defect/ and masks/, where defect/KIND/001.png has its mask at masks/KIND/001.png, or "
    "train/ and test/ (val/ too, if you like) with these three in each"
)


# Images may have any size; 256 is the default for MVTec AD, the most similar set.
@dataset(
    "folder",
    size=(256, 256),
    licence="your own",
    citation="none: your own images",
    url="your own images",
)
def folder(root: Path) -> pd.DataFrame:
    """Read ``good/``, ``defect/`` and ``masks/``, or these three below ``train/``, ``test/`` and optionally ``val/``.

    All three may have sub-folders. Those of ``defect/`` name the kinds of defect; images in ``defect/`` itself are
    labelled ``defect``. ``masks/`` repeats the sub-folders and file names of ``defect/``, with the suffix of any image
    format. Each image is an item of its own (see `datasets.grouping.group_by`). Hidden files and files that are no
    images are ignored.

    Raises:
        DatasetError: the folder has another layout, a mask is missing or empty, or names are ambiguous.
    """
    splits = [name for name in SPLITS if (root / name).is_dir()]
    if splits and any((root / name).is_dir() for name in (GOOD, "defect", "masks")):
        raise DatasetError(f"{root} has images both in good/, defect/ or masks/ and in {', '.join(splits)}: {_LAYOUT}")
    rows = rows_of(_row, (image for split in splits or [""] for image in _of_split(root, split)))
    if {row["label"] == GOOD for row in rows} != {True, False}:
        raise DatasetError(f"{root} needs good and defective images: {_LAYOUT}")
    if splits and not {"train", "test"} <= {row["split"] for row in rows}:
        raise DatasetError(f"{root} needs images in both train/ and test/: {_LAYOUT}")
    return sample_table(rows, root)


def _of_split(root: Path, split: str) -> list[tuple[Path, str, Path, dict[Path, Path]]]:
    """Return the arguments of `_row` for each image of one split."""
    known = _by_stem(root / split / "masks")
    return [(root, split, image, known) for name in (GOOD, "defect") for image in _images(root / split / name)]


def _row(root: Path, split: str, image: Path, known: dict[Path, Path]) -> dict[str, str]:
    top, *kind = image.relative_to(root / split).parts[:-1]
    label = kind[0] if kind else top
    if top != GOOD and label == GOOD:
        raise DatasetError(f"{image} is in defect/, but its kind is called good: give the kind another name")
    name = image.relative_to(root).with_suffix("").as_posix()
    return {
        "id": name,
        "group": name,
        "split": split,
        "label": GOOD if top == GOOD else label,
        "image_path": str(image),
        "mask_path": "" if top == GOOD else str(_mask(root / split, image, known)),
    }


def _mask(folder: Path, image: Path, known: dict[Path, Path]) -> Path:
    """Return the mask of a defective image."""
    inside = image.relative_to(folder / "defect").with_suffix("")
    if inside not in known:
        looked = folder / "masks" / inside
        raise DatasetError(f"the mask of {image} is missing; it was looked for at {looked} with any suffix")
    if not mask_values(str(known[inside])).any():
        good = folder / GOOD
        raise DatasetError(f"the mask {known[inside]} is empty: mark the defect, or move {image} to {good}")
    return known[inside]


def _by_stem(folder: Path) -> dict[Path, Path]:
    """Return the images below `folder` by their relative path without the suffix."""
    found: dict[Path, Path] = {}
    for image in _images(folder):
        inside = image.relative_to(folder).with_suffix("")
        if inside in found:
            raise DatasetError(f"{found[inside]} and {image} are masks of the same image: keep one")
        found[inside] = image
    return found


def _images(folder: Path) -> list[Path]:
    """Return the images below `folder`; none if it does not exist."""
    inside = (path.relative_to(folder) for path in folder.rglob("*"))
    # Hidden files include the "._001.png" that macOS leaves on other file systems.
    shown = (path for path in inside if not any(name.startswith(".") for name in path.parts))
    return sorted(folder / path for path in shown if path.suffix.lower() in _suffixes() and (folder / path).is_file())


@cache
def _suffixes() -> frozenset[str]:
    """Return the suffixes, in lower case, of all files that Pillow opens."""
    return frozenset(suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN)


@fake_tree("folder")
def fake_folder(root: Path) -> None:
    """Write 8 good images, 3 defective ones without a kind and 4 scratches, in many formats, and files to ignore."""
    for number, suffix in enumerate(("png", "PNG", "jpg", "JPEG", "tif", "bmp", "webp", "png")):
        folder = root / GOOD / ("monday" if number < 3 else ".")
        write_good(folder / f"{number:03}.{suffix}", shape=STRIP if number % 2 else SQUARE)
    kinds: tuple[MaskKind, ...] = ("grey", "palette", "faint")
    for number, (suffix, kind) in enumerate(zip(("Bmp", "png", "png"), kinds, strict=True)):
        image, mask = root / "defect" / f"{number:03}.v1.{suffix}", root / "masks" / f"{number:03}.v1.png"
        write_defective(image, mask, kind=kind, bits=16 if number == 2 else 8)
    for number in range(4):
        inside = f"scratch/{'deep' if number % 2 else '.'}/{number:03}"
        write_defective(root / "defect" / f"{inside}.TIFF", root / "masks" / f"{inside}.BMP", shape=STRIP)
    write_good(root / "defect" / ".cache" / "000.png")
    write_good(root / "masks" / "of-no-image.png")
    for ignored in ("good/._000.png", "good/notes.txt", "defect/Thumbs.db", "masks/readme.md"):
        (root / ignored).touch()


@fake_tree("folder")
def fake_folder_with_splits(root: Path) -> None:
    """Write train/, val/ and test/ with good images and dents, whose file names are the same in each of them."""
    for split, good, defective in (("train", 6, 3), ("val", 2, 1), ("test", 2, 2)):
        for number in range(good):
            write_good(root / split / GOOD / f"{number:03}.png")
        for number in range(defective):
            image, mask = root / split / "defect/dent" / f"{number:03}.jpg", root / split / "masks/dent"
            write_defective(image, mask / f"{number:03}.gif")
