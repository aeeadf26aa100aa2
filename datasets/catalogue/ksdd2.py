"""KolektorSDD2: strips of a production surface; defects of several kinds have one label."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..fake_files import STRIP, write_defective, write_empty_mask, write_good
from ..reader import mask_values
from ..registry import Archive, dataset, fake_tree
from ..table import GOOD, rows_of, sample_table

# The archive also holds the copies "10301 (copy).png" and "10301_GT (copy).png", which are not part of the set.
_IMAGES = "[0-9]" * 5 + ".png"


# The set's own paper takes 640 x 232; a width of 224 is the RA-CAM paper's, and five stages can halve it.
@dataset(
    "ksdd2",
    size=(640, 224),
    licence="CC BY-NC-SA 4.0",
    citation="Bozic et al. 2021, Mixed supervision for surface-defect detection: from weakly to fully supervised "
    "learning",
    url="https://www.vicos.si/resources/kolektorsdd2/",
    archive=Archive(
        "KolektorSDD2.zip",
        inside="train",
        url="https://go.vicos.si/kolektorsdd2",
        checksum="md5:1ed0f628122776ace4965afa30dfe316",
    ),
)
def ksdd2(root: Path) -> pd.DataFrame:
    """Read ``train|test/ID.png`` and ``ID_GT.png``; an image is defective if its mask is not empty.

    The split is the official one; each image is an item of its own.

    Raises:
        DatasetError: the folder has another layout, or masks are missing.
    """
    images = {split: sorted((root / split).glob(_IMAGES)) for split in ("train", "test")}
    if not all(images.values()):
        raise DatasetError(
            f"{root} is not KolektorSDD2: it should hold train/10000.png, train/10000_GT.png, ... and test/20000.png, "
            "test/20000_GT.png, ..."
        )
    return sample_table(rows_of(_row, ((image, split) for split in images for image in images[split])), root)


def _row(image: Path, split: str) -> dict[str, str]:
    mask = image.with_name(f"{image.stem}_GT.png")
    if not mask.is_file():
        raise DatasetError(f"the mask {mask} is missing")
    defective = mask_values(str(mask)).any()
    return {
        "id": f"{split}/{image.stem}",
        "group": f"{split}/{image.stem}",
        "split": split,
        "label": "defect" if defective else GOOD,
        "image_path": str(image),
        "mask_path": str(mask) if defective else "",
    }


@fake_tree("ksdd2")
def fake_ksdd2(root: Path) -> None:
    """Write 12 training images, 4 of them defective, 6 test images, 2 of them defective, and the archive's copies."""
    for split, first, count, defective in (("train", 10000, 12, 4), ("test", 20000, 6, 2)):
        for number in range(first, first + count):
            image, mask = root / split / f"{number}.png", root / split / f"{number}_GT.png"
            if number < first + defective:
                bits = 8 if number % 3 else 16
                write_defective(image, mask, shape=STRIP, bits=bits, kind="palette" if number % 2 else "grey")
            else:
                write_good(image, shape=STRIP)
                write_empty_mask(mask, STRIP)
    write_good(root / "train" / "10002 (copy).png", shape=STRIP)
    write_empty_mask(root / "train" / "10002_GT (copy).png", STRIP)
    (root / "split_weakly_0.pyb").touch()
