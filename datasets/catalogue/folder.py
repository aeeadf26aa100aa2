"""A folder of one's own: images sorted into good and defective ones, and masks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
from PIL import Image

from ..errors import DatasetError
from ..reader import mask_values
from ..registry import dataset
from ..table import GOOD, SPLITS, each, sample_table

_LAYOUT = (
    "it should hold good/, defect/ and masks/, where defect/KIND/001.png has its mask at masks/KIND/001.png, or "
    "train/ and test/ (val/ too, if you like) with these three in each"
)


# Images of any size; 256 is the size of MVTec AD's, the nearest kind of set.
@dataset(
    "folder",
    size=(256, 256),
    licence="your own",
    citation="none: your own images",
    url="your own images",
)
def folder(root: Path) -> pd.DataFrame:
    """Read ``good/``, ``defect/`` and ``masks/``, or these three below ``train/``, ``test/`` and perhaps ``val/``.

    Sub-folders are free. Those of ``defect/`` name the kinds of defect; what lies in ``defect/`` itself is labelled
    ``defect``. ``masks/`` has the sub-folders and stems of ``defect/``, with any suffix of an image. Each image
    is an item of its own (see `datasets.grouping.group_by`). Files of other suffixes and hidden files are left out.

    Raises:
        DatasetError: the folder has another layout, a mask is missing or marks nothing, or names are ambiguous.
    """
    splits = [name for name in SPLITS if (root / name).is_dir()]
    if splits and any((root / name).is_dir() for name in ("good", "defect", "masks")):
        raise DatasetError(f"{root} has images both beside and below {', '.join(splits)}: {_LAYOUT}")
    rows = each(_row, (image for split in splits or [""] for image in _of_split(root, split)))
    if {row["label"] == GOOD for row in rows} != {True, False}:
        raise DatasetError(f"{root} needs good and defective images: {_LAYOUT}")
    if splits and not {"train", "test"} <= {row["split"] for row in rows}:
        raise DatasetError(f"{root} needs images in both train/ and test/: {_LAYOUT}")
    return sample_table(rows, root)


def _of_split(root: Path, split: str) -> list[tuple[Path, str, Path, dict[Path, Path]]]:
    """Return what `_row` needs of each image of one split."""
    known = _by_stem(root / split / "masks")
    return [(root, split, image, known) for name in (GOOD, "defect") for image in _images(root / split / name)]


def _row(root: Path, split: str, image: Path, known: dict[Path, Path]) -> dict[str, str]:
    top, *kind = image.relative_to(root / split).parts[:-1]
    label = kind[0] if kind else top
    if top != GOOD and label == GOOD:
        raise DatasetError(f"{image} is in good/ and in defect/ at once: give its kind another name")
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
        raise DatasetError(f"nothing is marked in {known[inside]}: mark the defect, or move {image} to {good}")
    return known[inside]


def _by_stem(folder: Path) -> dict[Path, Path]:
    """Return the images below `folder` by their path in it, without the suffix."""
    found: dict[Path, Path] = {}
    for image in _images(folder):
        inside = image.relative_to(folder).with_suffix("")
        if inside in found:
            raise DatasetError(f"{found[inside]} and {image} are masks of one image: keep one")
        found[inside] = image
    return found


def _images(folder: Path) -> list[Path]:
    """Return the images below `folder`, whether it is there or not."""
    inside = (path.relative_to(folder) for path in folder.rglob("*"))
    # Hidden, for example: the "._001.png" that macOS leaves on foreign disks.
    shown = (path for path in inside if not any(name.startswith(".") for name in path.parts))
    return sorted(folder / path for path in shown if path.suffix.lower() in _suffixes() and (folder / path).is_file())


@cache
def _suffixes() -> frozenset[str]:
    """Return the suffixes, in lower case, of all files that Pillow opens."""
    return frozenset(suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN)
