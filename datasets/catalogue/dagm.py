"""DAGM 2007: ten artificial textures, each with one kind of defect; a mask is an ellipse around the defect."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..fake_files import SQUARE, STRIP, write_defective, write_empty_mask, write_good
from ..reader import mask_values
from ..registry import Archive, dataset, fake_tree
from ..table import GOOD, sample_table

_IMAGES = "[0-9]" * 4 + ".PNG"


# The images' own size.
@dataset(
    "dagm",
    size=(512, 512),
    licence="none stated: publicly available",
    citation="Wieler and Hahn 2007, Weakly supervised learning for industrial optical inspection",
    url="https://hci.iwr.uni-heidelberg.de/content/weakly-supervised-learning-industrial-optical-inspection",
    archive=Archive(
        "Class1.zip, ..., Class10.zip",
        inside="Class1",
        by_hand="it comes in several archives, and no checksum of them is published",
    ),
)
def dagm(root: Path, *, part: str = "") -> pd.DataFrame:
    """Read ``ClassN/Train|Test/ID.PNG`` and the masks ``Label/ID_label.PNG`` beside them.

    An image without a mask, or with an empty one, is good. The split is the official one. Each image is an item of its
    own.

    Args:
        root: folder that holds the classes.
        part: one class, such as ``Class3``, whose defects are labelled ``defect``; by default all classes, each of
            which labels its defects with its own name.

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
    mask_of = {image: masks.pop(f"{image.stem}_label.PNG", None) for image in images}
    if masks:  # an image whose mask is misnamed would pass for a good one
        raise DatasetError(f"{folder / 'Label' / min(masks)} is the mask of no image ID.PNG in {folder}")
    rows = []
    for image, mask in mask_of.items():
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


@fake_tree("dagm")
@fake_tree("dagm:Class3")
def fake_dagm(root: Path) -> None:
    """Write two classes, each with 8 training images, 2 of them defective, and 5 test images, 1 of them defective."""
    for name in ("Class1", "Class3"):
        for split, count, defective in (("Train", 8, (2, 7)), ("Test", 5, (4,))):
            folder = root / name / split
            for number in range(1, count + 1):
                image, mask = folder / f"{number:04}.PNG", folder / "Label" / f"{number:04}_label.PNG"
                shape, bits = (STRIP if number == 1 else SQUARE), (16 if number == 2 else 8)
                if number in defective:
                    write_defective(image, mask, shape=shape, bits=bits, kind="palette" if number == 4 else "grey")
                else:
                    write_good(image, shape=shape, bits=bits)
            (folder / "Label" / "Labels.txt").touch()
            write_good(folder / "0002 (1).PNG")
    write_empty_mask(root / "Class1" / "Train" / "Label" / "0003_label.PNG")
    write_good(root / "Class3 backup" / "Train" / "0001.PNG")
