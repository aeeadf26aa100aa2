"""Magnetic-tile defects: up to six images of each tile, at several exposures, and five kinds of defect."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ..errors import DatasetError
from ..fake_files import SQUARE, STRIP, write_defective, write_empty_mask, write_good
from ..registry import Archive, dataset, fake_tree
from ..table import GOOD, rows_of, sample_table

KINDS = ("Blowhole", "Break", "Crack", "Fray", "Free", "Uneven")
GAP = 300
"""The largest step between the numbers of two images of one tile."""
_STEM = re.compile(r"exp[0-9]_num_([0-9]+)")


# Images have 103 to 632 by 222 to 403 pixels; papers resize them to squares, and ImageNet weights are trained at 224.
@dataset(
    "mtd",
    size=(224, 224),
    licence="none stated: free to use, please cite",
    citation="Huang et al. 2020, Surface defect saliency of magnetic tile",
    url="https://github.com/abin24/Magnetic-tile-defect-datasets.",
    archive=Archive(
        "master.zip",
        inside="MT_Free",
        by_hand="its repository has no release, and an archive that is packed on request has no lasting checksum",
    ),
)
def mtd(root: Path) -> pd.DataFrame:
    """Read ``MT_KIND/Imgs/expE_num_N.jpg`` and the ``.png`` mask of the same stem; ``MT_Free`` has no defects.

    E is the exposure and N a running number. The exposures of one tile follow each other, so images are grouped by N
    alone, across exposures and kinds. The kind is the label, even for the four images of ``MT_Uneven`` whose masks
    are empty. There is no official split.

    Raises:
        DatasetError: the folder has another layout, masks are missing, or a name does not tell which tile the image
            shows. Such an image is most often a copy: as an item of its own, it could be trained on while the
            original is tested.
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
    return sample_table(rows_of(_row, samples), root)


def tiles_of(numbers: Iterable[int]) -> dict[int, str]:
    """Return the tile of each number: a run of numbers without a gap larger than `GAP`, named after its first one."""
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
        raise DatasetError(f"{image} is not named expE_num_N.jpg, so nothing tells which tile it shows: remove it")
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


FAKE_TILES: dict[int, tuple[str, ...]] = {
    461: ("Uneven", "Uneven", "Free"),
    1500: ("Break", "Crack"),
    **{3000 + 1000 * number: (kind, "Free") for number, kind in enumerate(4 * KINDS)},
}
"""The kinds of the images of each fake tile, by the number of its first image; the next ones are 290 apart."""


@fake_tree("mtd")
def fake_mtd(root: Path) -> None:
    """Write the images of `FAKE_TILES`, and a few files that are not part of the set."""
    for first, kinds in FAKE_TILES.items():
        for turn, kind in enumerate(kinds):
            image = root / f"MT_{kind}" / "Imgs" / f"exp{turn + 1}_num_{first + 290 * turn}.jpg"
            shape = STRIP if turn == 1 else SQUARE
            if kind == "Free":
                write_good(image, shape=shape)
                write_empty_mask(image.with_suffix(".png"), shape)
            else:
                write_defective(image, image.with_suffix(".png"), shape=shape, kind="palette" if turn else "faint")
    write_good(root / "MT_Free" / "overview.jpg")
    (root / "MT_Free" / "Imgs" / "Thumbs.db").touch()
