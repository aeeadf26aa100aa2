"""MVTec AD: fifteen objects and textures, each with several kinds of defect."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..fake_files import SQUARE, STRIP, write_defective, write_good
from ..layouts import category
from ..registry import Archive, dataset, fake_tree
from ..table import GOOD, rows_of, sample_table

_IMAGES = "[0-9]" * 3 + ".png"


# Images are squares with sides of 700 to 1024 pixels; papers since PatchCore resize them to 256.
@dataset(
    "mvtec",
    size=(256, 256),
    licence="CC BY-NC-SA 4.0",
    citation="Bergmann et al. 2021, The MVTec anomaly detection dataset: a comprehensive real-world dataset for "
    "unsupervised anomaly detection",
    url="https://www.mvtec.com/company/research/datasets/mvtec-ad",
    archive=Archive(
        "mvtec_anomaly_detection.tar.xz",
        inside="bottle",
        checksum="sha256:cf4313b13603bec67abb49ca959488f7eedce2a9f7795ec54446c649ac98cd3d",
        by_hand="its page asks for a form to be filled in, and the address that it then shows does not last",
    ),
)
def mvtec(root: Path, *, part: str = "") -> pd.DataFrame:
    """Read ``CATEGORY/train/good`` and ``CATEGORY/test/KIND``, and the masks ``ground_truth/KIND/ID_mask.png``.

    Half of the test images of each kind of defect are used for training, see `datasets.layouts.category`. Each image
    is an item of its own.

    Args:
        root: folder that holds the categories.
        part: the category, such as ``bottle``; required.

    Raises:
        DatasetError: the folder has another layout, no category or an unknown one is named, or masks are missing.
    """
    found = sorted(path.parents[1].name for path in root.glob("*/train/good") if path.is_dir())
    if not found:
        raise DatasetError(
            f"{root} is not MVTec AD: it should hold bottle/train/good/000.png, bottle/test/KIND/000.png, "
            "bottle/ground_truth/KIND/000_mask.png, ..., cable/..., ..."
        )
    if part not in found:
        what = f"has no category {part!r}" if part else "is tested by category"
        raise DatasetError(f"{root} {what}; name one: {', '.join(f'mvtec:{name}' for name in found)}")
    return sample_table(rows_of(_row, category(root / part, _images, _id)), root)


def _images(folder: Path) -> list[Path]:
    images = list(folder.glob(_IMAGES))
    if not images:
        raise DatasetError(f"{folder} should hold the images 000.png, 001.png, ...")
    return images


def _id(image: Path) -> str:
    """Return ``CATEGORY/train|test/KIND/ID``."""
    return "/".join([*image.parts[-4:-1], image.stem])


def _row(image: Path, kind: str, split: str) -> dict[str, str]:
    mask = image.parents[2] / "ground_truth" / kind / f"{image.stem}_mask.png"
    if kind != GOOD and not mask.is_file():
        raise DatasetError(f"the mask {mask} is missing")
    return {
        "id": _id(image),
        "group": _id(image),
        "split": split,
        "label": kind,
        "image_path": str(image),
        "mask_path": "" if kind == GOOD else str(mask),
    }


FAKE_KINDS = {"broken_large": 5, "contamination": 4}
"""Test images of each kind of defect in a fake category."""


@fake_tree("mvtec:bottle")
def fake_mvtec(root: Path) -> None:
    """Write two categories with 6 good training images, 3 good test images and those of `FAKE_KINDS`."""
    for part in (root / "bottle", root / "zipper"):
        for folder, count in ((part / "train" / GOOD, 6), (part / "test" / GOOD, 3)):
            for number in range(count):
                write_good(folder / f"{number:03}.png", shape=STRIP if number else SQUARE)
        for kind, count in FAKE_KINDS.items():
            for number in range(count):
                image = part / "test" / kind / f"{number:03}.png"
                mask = part / "ground_truth" / kind / f"{number:03}_mask.png"
                bits = 16 if number == 2 else 8
                write_defective(image, mask, bits=bits, kind="palette" if number == 1 else "grey")
        (part / "license.txt").touch()
    write_good(root / "bottle" / "test" / GOOD / "copy of 001.png")
    (root / "readme.txt").touch()
