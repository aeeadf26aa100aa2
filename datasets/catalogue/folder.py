"""The user's own images: a folder in one of the common layouts, or a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..fake_files import SQUARE, STRIP, MaskKind, write_defective, write_empty_mask, write_good
from ..layouts import Found, read
from ..reader import mask_values
from ..registry import dataset, fake_tree
from ..sample_file import read_samples
from ..table import GOOD, SPLITS, rows_of, sample_table


# Images may have any size; 256 is the default for MVTec AD, the most similar set.
@dataset(
    "folder",
    size=(256, 256),
    licence="your own",
    citation="none: your own images",
    url="your own images",
    called_after_root=True,
)
def folder(root: Path, *, mask_above: float = 0) -> pd.DataFrame:
    """Read a folder in one of `datasets.layouts.LAYOUTS`, or in one of them for each of train/, test/ and val/.

    Masks are needed for what is scored, and nowhere else. Each image is an item of its own (see
    `datasets.grouping.group_by`). Hidden files and files that are no images are ignored. A file is read as a table, see
    `datasets.sample_file.read_samples`.

    Args:
        root: the folder, or the table.
        mask_above: value of a mask above which a pixel is defective.

    Raises:
        DatasetError: the folder has another layout, which the message compares with the nearest one; a mask says
            something else than the place of its image; or names are ambiguous.
    """
    if root.is_file():
        return read_samples(root, mask_above)
    rows = rows_of(lambda found: _row(root, found, mask_above), ((found,) for found in read(root)))
    splits = {row["split"] for row in rows} - {""}
    if splits and not {"train", "test"} <= splits:
        raise DatasetError(f"{root} needs images in both train/ and test/")
    if {row["label"] for row in rows} == {GOOD}:
        raise DatasetError(f"{root} shows no defect: it should hold defective images too, in defect/ or with masks")
    return sample_table(rows, root)


def _row(root: Path, found: Found, above: float) -> dict[str, str]:
    if found.kind in {*SPLITS, "valid", "validation"}:
        raise DatasetError(f"{found.image} is in a folder {found.kind}/ where kinds of defect are: splits come first")
    marked = found.mask is not None and bool(mask_values(str(found.mask), above).any())
    label = GOOD if found.by_mask and not marked else found.kind
    if found.mask and marked and label == GOOD:
        raise DatasetError(f"the mask {found.mask} shows a defect, but {found.image} is among the good images")
    if found.mask and not marked and label != GOOD:
        raise DatasetError(f"the mask {found.mask} is empty: mark the defect, or move {found.image} to the good images")
    name = found.image.relative_to(root).with_suffix("").as_posix()
    return {
        "id": name,
        "group": name,
        "split": found.split,
        "label": label,
        "image_path": str(found.image),
        "mask_path": str(found.mask) if marked else "",
    }


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


@fake_tree("folder")
def fake_category(root: Path) -> None:
    """Write 6 good training images of leather in MVTec AD's layout, 3 good test images, 6 cuts and 4 folds."""
    for place, count in (("train/good", 6), ("test/good", 3)):
        for number in range(count):
            write_good(root / place / f"{number:03}.JPG", shape=STRIP)
    for kind, count in (("cut", 6), ("fold", 4)):
        for number in range(count):
            mask = root / "ground_truth" / kind / f"{number:03}_mask.bmp"
            write_defective(root / "test" / kind / f"{number:03}.JPG", mask)


@fake_tree("folder")
def fake_pavement(root: Path) -> None:
    """Write 12 images of pavement, 6 of them with cracks, and of some of the others empty masks."""
    for number in range(12):
        image, mask = root / "images" / f"{number:03}.jpg", root / "masks" / f"{number:03}.png"
        if number % 2:
            write_defective(image, mask)
        else:
            write_good(image)
            if number % 4:
                write_empty_mask(mask)


@fake_tree("folder")
def fake_boards(root: Path) -> None:
    """Write 6 good printed boards, and 5 each with a missing hole or a short, whose masks are boxes."""
    for number in range(6):
        write_good(root / "images" / "good" / f"{number:02}.png", shape=STRIP)
    for kind in ("missing_hole", "short"):
        for number in range(5):
            name = f"{kind}/{kind}_{number:02}"
            write_defective(root / "images" / f"{name}.png", root / "masks" / f"{name}.png", shape=STRIP, kind="faint")


@fake_tree("folder")
def fake_tiles(root: Path) -> None:
    """Write 12 images of magnetic tiles with their masks beside them, 6 of them empty."""
    for number in range(12):
        image = root / ("blowhole" if number % 2 else "free") / f"exp{number % 6 + 1}_num_{1000 + number}.jpg"
        if number % 2:
            write_defective(image, image.with_suffix(".png"), kind="palette")
        else:
            write_good(image)
            write_empty_mask(image.with_suffix(".png"))


@fake_tree("folder")
def fake_pairs_by_name(root: Path) -> None:
    """Write 10 images with masks that are called after them in three ways, and 6 images without one."""
    for number in range(16):
        image = root / f"part{number % 2}" / f"{number:03}.bmp"
        if number < 10:
            end = ("_mask.png", "_label.bmp", "_GT.png")[number % 3]
            write_defective(image, image.with_name(image.stem + end))
        else:
            write_good(image)
