"""KolektorSDD: electrical commutators, 50 items of eight images, one crack or so each."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..reader import mask_values
from ..registry import dataset
from ..table import GOOD, each, sample_table


@dataset(
    "ksdd",
    size=(1408, 512),
    licence="CC BY-NC-SA 4.0",
    citation="Tabernik et al. 2020, Segmentation-based deep-learning approach for surface-defect detection",
    url="https://www.vicos.si/resources/kolektorsdd/",
)
def ksdd(root: Path) -> pd.DataFrame:
    """Read ``kosNN/PartM.jpg`` and ``kosNN/PartM_label.bmp``; an image is defective if its mask is not empty.

    Raises:
        DatasetError: the folder has another layout, or masks are missing.
    """
    images = sorted(root.glob("kos*/Part*.jpg"))
    if not images:
        raise DatasetError(
            f"{root} is not KolektorSDD: it should hold kos01/Part0.jpg, kos01/Part0_label.bmp, ... up to kos50"
        )
    return sample_table(each(_row, ((image,) for image in images)), root)


def _row(image: Path) -> dict[str, str]:
    mask = image.with_name(f"{image.stem}_label.bmp")
    if not mask.is_file():
        raise DatasetError(f"the mask {mask} is missing")
    defective = mask_values(str(mask)).any()
    return {
        "id": f"{image.parent.name}/{image.stem}",
        "group": image.parent.name,
        "split": "",
        "label": "defect" if defective else GOOD,
        "image_path": str(image),
        "mask_path": str(mask) if defective else "",
    }
