"""DAGM 2007: ten artificial textures, each with one kind of defect marked by an ellipse."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..reader import mask_values
from ..registry import dataset
from ..table import GOOD, sample_table

_IMAGES = "[0-9]" * 4 + ".PNG"


# The images' own size.
@dataset(
    "dagm",
    size=(512, 512),
    licence="none stated: publicly available",
    citation="Wieler and Hahn 2007, Weakly supervised learning for industrial optical inspection",
    url="https://hci.iwr.uni-heidelberg.de/content/weakly-supervised-learning-industrial-optical-inspection",
)
def dagm(root: Path, *, part: str = "") -> pd.DataFrame:
    """Read ``ClassN/Train|Test/ID.PNG`` and ``Label/ID_label.PNG`` beside it; a missing or empty mask is no defect.

    The split is the official one; each image is an item of its own.

    Args:
        root: folder that holds the classes.
        part: one class, such as ``Class3``, with the label ``defect``; otherwise all, each a defect class.

    Raises:
        DatasetError: the folder has another layout, or no such class, or a mask has no image.
    """
    found = sorted(path.name for path in root.glob("Class*") if path.name[5:].isdecimal() and path.is_dir())
    if not found:
        raise DatasetError(
            f"{root} is not DAGM 2007: it should hold Class1/Train/0001.PNG, Class1/Train/Label/0576_label.PNG, "
            "Class1/Test/..., ... up to Class10"
        )
    if part and part not in found:
        raise DatasetError(f"{root} has no {part!r}; it holds {', '.join(found)}")
    return sample_table(
        [
            row
            for name in ([part] if part else found)
            for split in ("Train", "Test")
            for row in _rows(root / name / split, "defect" if part else name)
        ],
        root,
    )


def _rows(folder: Path, kind: str) -> list[dict[str, str]]:
    """Return the rows of one class's ``Train`` or ``Test``."""
    images = sorted(folder.glob(_IMAGES))
    masks = {path.name: path for path in (folder / "Label").glob("*.PNG")}
    if not images or not masks:
        raise DatasetError(f"{folder} should hold 0001.PNG, ... and masks Label/0001_label.PNG of the defective ones")
    marked = {image: masks.pop(f"{image.stem}_label.PNG", None) for image in images}
    if masks:  # the image that one of these belongs to would pass for a good one
        raise DatasetError(f"{folder / 'Label' / min(masks)} is the mask of no image ID.PNG in {folder}")
    rows = []
    for image, mask in marked.items():
        name = f"{folder.parent.name}/{folder.name}/{image.stem}"
        defective = mask is not None and mask_values(str(mask)).any()
        rows.append(
            {
                "id": name,
                "group": name,
                "split": folder.name.lower(),
                "label": kind if defective else GOOD,
                "image_path": str(image),
                "mask_path": str(mask) if defective else "",
            }
        )
    return rows
