"""Magnetic-tile defects: tiles photographed up to six times in a row, five kinds of defect."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..registry import dataset
from ..table import GOOD, each, sample_table

KINDS = ("Blowhole", "Break", "Crack", "Fray", "Free", "Uneven")
GAP = 300
"""The largest step between the numbers of two images of one tile."""
_STEM = re.compile(r"exp[0-9]_num_([0-9]+)")


# Images are 103 to 632 by 222 to 403 pixels; papers resize them to squares, and ImageNet's weights saw 224.
@dataset(
    "mtd",
    size=(224, 224),
    licence="none stated: free to use, please cite",
    citation="Huang et al. 2020, Surface defect saliency of magnetic tile",
    url="https://github.com/abin24/Magnetic-tile-defect-datasets.",
)
def mtd(root: Path) -> pd.DataFrame:
    """Read ``MT_KIND/Imgs/expE_num_N.jpg`` and the ``.png`` mask of the same stem; ``MT_Free`` is without defect.

    E is the exposure and N a running number: the exposures of one tile follow each other, so images are
    grouped by N alone, over all exposures and kinds. The kind is the label, also of the four images of
    ``MT_Uneven`` whose masks mark nothing. There is no official split.

    Raises:
        DatasetError: the folder has another layout, masks are missing, or a name does not tell the tile. Such a
            image is most often a copy: as an item of its own it could be trained on and its twin tested.
    """
    images = {kind: sorted((root / f"MT_{kind}" / "Imgs").glob("*.jpg")) for kind in KINDS}
    lacking = [kind for kind in KINDS if not images[kind]]
    if lacking:
        raise DatasetError(
            f"{root} is not the magnetic-tile set: it should hold MT_KIND/Imgs/expE_num_N.jpg and .png for KIND in "
            f"{', '.join(KINDS)}; there are no images of {', '.join(lacking)}"
        )
    tiles = tiles_of(_number(image) for kind in KINDS for image in images[kind])
    samples = ((image, kind, tiles[_number(image)]) for kind in KINDS for image in images[kind])
    return sample_table(each(_row, samples), root)


def tiles_of(numbers: Iterable[int]) -> dict[int, str]:
    """Return the tile of each number: a run of numbers without a gap above `GAP`, named by its first."""
    tiles = {}
    first = last = -GAP - 1
    for number in sorted(numbers):
        if number - last > GAP:
            first = number
        tiles[number] = f"tile{first:06}"
        last = number
    return tiles


def _number(image: Path) -> int:
    found = _STEM.fullmatch(image.stem)
    if not found:
        raise DatasetError(f"{image} is not named expE_num_N.jpg, so nothing tells which tile it shows: take it away")
    return int(found[1])


def _row(image: Path, kind: str, tile: str) -> dict[str, str]:
    mask = image.with_suffix(".png")
    if not mask.is_file():
        raise DatasetError(f"the mask {mask} is missing")
    good = kind == "Free"
    return {
        "id": f"{kind}/{image.stem}",
        "group": tile,
        "split": "",
        "label": GOOD if good else kind,
        "image_path": str(image),
        "mask_path": "" if good else str(mask),
    }
