"""KolektorSDD: 50 electrical commutators, eight images of each; about one of the eight shows a crack."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..fake_files import STRIP, write_defective, write_empty_mask, write_good
from ..reader import mask_values
from ..registry import Archive, dataset, fake_tree
from ..table import GOOD, rows_of, sample_table


@dataset(
    "ksdd",
    size=(1408, 512),
    licence="CC BY-NC-SA 4.0",
    citation="Tabernik et al. 2020, Segmentation-based deep-learning approach for surface-defect detection",
    url="https://www.vicos.si/resources/kolektorsdd/",
    archive=Archive(
        "KolektorSDD.zip",
        inside="kos01",
        url="https://go.vicos.si/kolektorsdd",
        checksum="md5:2b094030343c1cd59df02203ac6c57a0",
    ),
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
    return sample_table(rows_of(_row, ((image,) for image in images)), root)


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


@fake_tree("ksdd")
def fake_ksdd(root: Path) -> None:
    """Write ten items: the last of three images is defective, but not in kos05; kos04 has seven images.

    Beside the images of kos02 lies a copy, whose name does not fit the layout.
    """
    for item in range(1, 11):
        last = 6 if item == 4 else 2
        for number in range(last + 1):
            image = root / f"kos{item:02}" / f"Part{number}.jpg"
            mask = image.with_name(f"Part{number}_label.bmp")
            if number == last and item != 5:
                write_defective(image, mask, shape=STRIP, kind="bilevel")
            else:
                write_good(image, shape=STRIP)
                write_empty_mask(mask, STRIP)
    write_good(root / "kos02" / "Copy of Part1.jpg", shape=STRIP)
