"""KolektorSDD2: strips of a production surface, with defects of several kinds under one name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..reader import mask_values
from ..registry import dataset
from ..table import GOOD, each, sample_table

# The archive also holds "10301 (copy).png" and "10301_GT (copy).png": twins that must not be images.
_IMAGES = "[0-9]" * 5 + ".png"


# The set's own paper takes 640 x 232; 224 is the RA-CAM paper's, and can be halved five times.
@dataset(
    "ksdd2",
    size=(640, 224),
    licence="CC BY-NC-SA 4.0",
    citation="Bozic et al. 2021, Mixed supervision for surface-defect detection: from weakly to fully supervised "
    "learning",
    url="https://www.vicos.si/resources/kolektorsdd2/",
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
    return sample_table(each(_row, ((image, split) for split in images for image in images[split])), root)


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
