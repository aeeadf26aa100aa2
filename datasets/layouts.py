"""How people lay out their own images: each layout is one function, from a folder to what lies in it."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import DatasetError
from .image_files import beside_masks, images_below, masks_below
from .table import GOOD, SPLITS

MASK_FOLDERS = {"annotation", "ground_truth", "groundtruth", "gt", "label", "labels", "mask", "masks", "seg"}
"""Names, in lower case, of folders that hold masks, and so are no kinds of defect."""
MOST_LISTED = 8
"""Folders that a message lists."""


@dataclass(frozen=True)
class Found:
    """An image of a layout.

    Attributes:
        image: its file.
        kind: ``good``, or the kind of its defect.
        mask: its mask, None where there is none.
        by_mask: nothing but the mask tells good images from others, so that no mask, or an empty one, says "good".
        split: ``train``, ``val`` or ``test``; empty where the layout has none.
    """

    image: Path
    kind: str
    mask: Path | None
    by_mask: bool = False
    split: str = ""


@dataclass(frozen=True)
class Layout:
    """A layout that is read.

    Attributes:
        text: what it should hold.
        folders: names of folders that hint at it, in lower case.
        read: returns what lies in a folder, or None if the folder has another layout.
    """

    text: str
    folders: frozenset[str]
    read: Callable[[Path], list[Found] | None]


LAYOUTS: list[Layout] = []


def layout(text: str, folders: Iterable[str]) -> Callable[[Callable[[Path], list[Found] | None]], Layout]:
    """Register the decorated function as a layout; those that come first are tried first."""

    def register(read: Callable[[Path], list[Found] | None]) -> Layout:
        LAYOUTS.append(Layout(text, frozenset(folders), read))
        return LAYOUTS[-1]

    return register


@layout(
    "train/good/, test/good/, test/KIND/ and, where masks are known, ground_truth/KIND/NAME_mask.png, as in a category "
    "of MVTec AD",
    ["train", "test", "ground_truth"],
)
def mvtec_category(folder: Path) -> list[Found] | None:
    """Read a category of MVTec AD, of which half the defective images are for training."""
    if not (folder / "test").is_dir() or [path.name for path in folders_in(folder / "train")] != [GOOD]:
        return None
    known = masks_below(folder / "ground_truth")
    found = []
    for image, kind, split in category(folder, images_below, lambda image: _place(image, folder)):
        mask = None if kind == GOOD else known.get(image.relative_to(folder / "test").with_suffix(""))
        found.append(Found(image, kind, mask, split=split))
    return found


@layout(
    "images/ and masks/, where images/001.jpg has its mask at masks/001.png and images without a mask or with an empty "
    "one are good; sub-folders of both, if there are any, name kinds",
    ["images", "image", "img", "imgs", "source images", *MASK_FOLDERS],
)
def images_and_masks(folder: Path) -> list[Found] | None:
    """Read images and their masks in two folders that are laid out alike."""
    images, masks = folder / "images", folder / "masks"
    if not (images.is_dir() and masks.is_dir()):
        return None
    known = masks_below(masks)
    found = []
    for image in images_below(images):
        place = image.relative_to(images).with_suffix("")
        kinds = place.parts[:-1]
        found.append(Found(image, kinds[0] if kinds else "defect", known.get(place), by_mask=not kinds))
    if alone := sorted(set(known.values()) - {one.mask for one in found}):
        raise DatasetError(f"{len(alone)} masks are of no image in {images}, for example {alone[0]}")
    return found


@layout(
    "good/ and defect/, with sub-folders defect/KIND/ or folders KIND/ beside good/ if there are several kinds; where "
    "masks are known, defect/KIND/001.png has its mask at masks/KIND/001.png",
    [GOOD, "defect", "masks", "ok", "normal", "bad", "defective"],
)
def kinds(folder: Path) -> list[Found] | None:
    """Read a folder for each kind of image; masks lie at the same place below ``masks/``, or beside the images."""
    nested = (folder / "defect").is_dir()
    if not nested and not (folder / GOOD).is_dir():
        return None
    known = masks_below(folder / "masks")
    others = [path for path in folders_in(folder) if path.name not in {GOOD, "defect", "masks"} and images_below(path)]
    _check_others(folder, others, nested=nested)
    of_kinds = [folder / "defect"] if nested else others

    def pairs(top: Path) -> dict[Path, Path | None]:
        return dict.fromkeys(images_below(top)) if known else beside_masks(images_below(top))

    found = [Found(image, GOOD, mask) for image, mask in pairs(folder / GOOD).items()]
    for top in of_kinds:
        for image, beside in pairs(top).items():
            place = image.relative_to(folder / "defect" if nested else folder)
            kind = place.parts[0] if len(place.parts) > 1 else "defect"
            if kind == GOOD:
                raise DatasetError(f"{image} is in defect/, but its kind is called good: give the kind another name")
            found.append(Found(image, kind, known.get(place.with_suffix(""), beside)))
    return found


@layout(
    "images with their masks beside them, 001.jpg with 001_mask.png, 001_label.bmp, 001_GT.png, 001.bmp or 001.png; "
    "images without a mask or with an empty one are good",
    [],
)
def side_by_side(folder: Path) -> list[Found] | None:
    """Read images that have their masks beside them."""
    pairs = beside_masks(images_below(folder))
    if not any(pairs.values()):
        return None
    return [Found(image, "defect", mask, by_mask=True) for image, mask in pairs.items()]


def _check_others(folder: Path, others: list[Path], *, nested: bool) -> None:
    """Refuse what lies beside ``good/`` and is no kind of defect."""
    if masks := [path for path in others if path.name.lower() in MASK_FOLDERS]:
        raise DatasetError(f"{masks[0]} looks like a folder of masks; call it {folder / 'masks'}")
    if others and nested:
        raise DatasetError(f"{others[0]} lies beside defect/; move it to {folder / 'defect'} if it is a kind of defect")
    if lone := [path for path in images_below(folder) if path.parent == folder]:
        raise DatasetError(f"{lone[0]} lies beside the folders of {folder}; move it to one of them")


def category(
    folder: Path, images: Callable[[Path], list[Path]], name: Callable[[Path], str]
) -> Iterator[tuple[Path, str, str]]:
    """Yield image, kind and split of a category of MVTec AD.

    All its training images are good, from which a classifier cannot learn what a defect is. So half of the test
    images of each kind of defect are used for training; which half depends on their names alone.

    Args:
        folder: holds ``train/good``, ``test/good`` and ``test/KIND``.
        images: returns the images in a folder.
        name: returns what an image is called wherever the category lies.
    """
    for image in images(folder / "train" / GOOD):
        yield image, GOOD, "train"
    for kind in folders_in(folder / "test"):
        shuffled = sorted(images(kind), key=lambda image: hashlib.sha256(name(image).encode()).hexdigest())
        training = 0 if kind.name == GOOD else len(shuffled) // 2
        for number, image in enumerate(shuffled):
            yield image, kind.name, "train" if number < training else "test"


def read(root: Path) -> list[Found]:
    """Return what lies in a folder of any layout, or in the folders of its splits.

    Raises:
        DatasetError: it has none of `LAYOUTS`; the message says what it holds, and which of them is nearest.
    """
    found = mvtec_category.read(root)
    if found is not None:
        return found
    splits = [root / name for name in SPLITS if (root / name).is_dir()]
    if not splits:
        return _of_folder(root)
    others = [path for path in folders_in(root) if path not in splits and images_below(path)]
    if others:
        names = ", ".join(path.name for path in splits)
        raise DatasetError(
            f"{root} has images both in {names} and in {others[0].name}: it should hold train/ and test/ (val/ too, if "
            "you like), each in one of the layouts, or one of them without splits"
        )
    return [
        replace(one, split=path.name) for path in splits for one in (_of_folder(path) if images_below(path) else [])
    ]


def _of_folder(folder: Path) -> list[Found]:
    for one in LAYOUTS:
        found = one.read(folder)
        if found is not None:
            return found
    raise DatasetError(f"{folder} {_holds(folder)}; it should hold {nearest(folder).text}")


def nearest(folder: Path) -> Layout:
    """Return the layout whose folders are called most like those in `folder`; the commonest one if none is."""
    names = [path.name.lower() for path in folders_in(folder)]

    def hints(one: Layout) -> int:
        return sum(bool(difflib.get_close_matches(name, one.folders, 1, cutoff=0.8)) for name in names)

    lone = any(path.parent == folder for path in images_below(folder))
    return max([side_by_side if lone else kinds, *LAYOUTS], key=hints)


def folders_in(folder: Path) -> list[Path]:
    """Return the folders in `folder`, hidden ones left out; none if there is no such folder."""
    inside = folder.glob("*")
    return sorted(path for path in inside if path.is_dir() and not path.name.startswith("."))


def _holds(folder: Path) -> str:
    """Say what a folder holds."""
    held = [(f"{path.name}/", len(images_below(path))) for path in folders_in(folder)]
    lone = sum(path.parent == folder for path in images_below(folder))
    pieces = [f"{name} ({count} images)" for name, count in held[:MOST_LISTED]]
    pieces += [f"{len(held) - MOST_LISTED} more folders"] * (len(held) > MOST_LISTED)
    pieces += [f"{lone} images beside each other, none of them the mask of another"] * bool(lone)
    return f"holds {', '.join(pieces) or 'no images'}"


def _place(image: Path, folder: Path) -> str:
    return image.relative_to(folder).with_suffix("").as_posix()
