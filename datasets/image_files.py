"""Image files below a folder, and which of them are masks of others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from PIL import Image

from .errors import DatasetError

MASK_NAME = re.compile(r"(?P<image>.+)[_-](mask|label|gt)", re.IGNORECASE)
"""The stem of a mask that is named after its image."""
MASK_FORMATS = (".png", ".bmp")
"""Of two files with one stem the mask is that of the first format here; the other one is the image."""

Key = tuple[Path, str]


@cache
def suffixes() -> frozenset[str]:
    """Return the suffixes, in lower case, of all files that Pillow opens."""
    return frozenset(suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN)


def images_below(folder: Path) -> list[Path]:
    """Return the images below `folder`, hidden files left out; none if there is no such folder."""
    inside = (path.relative_to(folder) for path in folder.rglob("*"))
    # Hidden files include the "._001.png" that macOS leaves on other file systems.
    shown = (path for path in inside if not any(name.startswith(".") for name in path.parts))
    return sorted(folder / path for path in shown if path.suffix.lower() in suffixes() and (folder / path).is_file())


def masks_below(folder: Path) -> dict[Path, Path]:
    """Return the images below `folder` by the place of what they are masks of, relative and without a suffix.

    Both ``scratch/001.png`` and ``scratch/001_mask.png`` are the mask of ``scratch/001``.

    Raises:
        DatasetError: two files are masks of one image.
    """
    found: dict[Path, Path] = {}
    for mask in images_below(folder):
        _add(found, mask.relative_to(folder).with_suffix(""), mask)
    for place, mask in list(found.items()):
        if named := MASK_NAME.fullmatch(place.name):
            found.setdefault(place.with_name(named["image"]), mask)
    return found


def beside_masks(images: Iterable[Path]) -> dict[Path, Path | None]:
    """Return the files of `images` that are no masks, each with the mask that lies beside it, or None.

    A mask is called after its image, ``X_mask``, ``X_label`` or ``X_GT`` (see `MASK_NAME`), or has the same name in
    another format (see `MASK_FORMATS`).

    Raises:
        DatasetError: two files are masks of one image, or a file looks like a mask and has no image beside it.
    """
    named: dict[Key, list[Path]] = defaultdict(list)
    for path in images:
        named[path.parent, path.stem].append(path)
    masks: dict[Path, Path] = {}
    for (folder, stem), paths in named.items():
        found = MASK_NAME.fullmatch(stem)
        if found and (folder, found["image"]) in named:
            for path in paths:
                _add(masks, folder / found["image"], path)
    shown = {key: paths for key, paths in named.items() if not set(paths) & set(masks.values())}
    for (folder, stem), paths in shown.items():
        for mask in _of_same_name(paths):
            _add(masks, folder / stem, mask)
            paths.remove(mask)
    pairs = {path: masks.get(folder / stem) for (folder, stem), (path,) in shown.items()}
    _check_lone(pairs)
    return pairs


def _of_same_name(paths: list[Path]) -> list[Path]:
    """Return which of the files with one stem are masks of the one that is left."""
    if len(paths) == 1:
        return []
    formats = {path.suffix.lower(): path for path in paths}
    mask = next((formats[suffix] for suffix in MASK_FORMATS if suffix in formats), None)
    if len(paths) > 2 or mask is None:
        raise DatasetError(
            f"{' and '.join(map(str, paths))}: one of two files with one name can be the mask of the other if it is a "
            f"{' or '.join(MASK_FORMATS)} file; give the others names of their own"
        )
    return [mask]


def _check_lone(pairs: dict[Path, Path | None]) -> None:
    """Refuse files that would be taken for images without a mask, but look like the masks of others."""
    masks = [mask for mask in pairs.values() if mask]
    by_name = any(MASK_NAME.fullmatch(mask.stem) for mask in masks)
    of_images = {image.suffix.lower() for image, mask in pairs.items() if mask}
    of_masks = {mask.suffix.lower() for mask in masks} - of_images
    for image, mask in pairs.items():
        if mask is None and ((by_name and MASK_NAME.fullmatch(image.stem)) or image.suffix.lower() in of_masks):
            raise DatasetError(f"{image} looks like a mask, but there is no image of this name beside it")


def _add(masks: dict[Path, Path], place: Path, mask: Path) -> None:
    if place in masks:
        raise DatasetError(f"{masks[place]} and {mask} are masks of the same image: keep one")
    masks[place] = mask
