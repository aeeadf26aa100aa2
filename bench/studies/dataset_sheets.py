"""From a dataset's files to what the contact sheet and the sheet of near-duplicates show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.own import datasets
from reports.contact_sheet import Kind
from reports.near_duplicate_sheet import NearDuplicates
from reports.outlined_image import Tile

PIXELS = 480
"""Pixels of the longer side of each image in the sheets."""
FEW_CLASSES, MANY_TILES, FEW_TILES = 4, 3, 2
"""Up to this many classes, there are `MANY_TILES` images of each class in each split, else `FEW_TILES`."""


def kinds_of(table: pd.DataFrame) -> list[Kind]:
    """Return what the contact sheet shows of each class of a table with splits.

    Raises:
        DatasetError: a file cannot be read.
    """
    classes = datasets.classes_of(table)
    most = MANY_TILES if len(classes) <= FEW_CLASSES else FEW_TILES
    kinds = []
    for label in classes:
        rows = table[table["label"] == label]
        parts = {split: rows[rows["split"] == split] for split in datasets.SPLITS}
        tiles = {split: [_tile(row) for row in _spread(part, most)] for split, part in parts.items()}
        paths = [] if label == datasets.GOOD else [path for path in rows["mask_path"] if path]
        shares = np.array([datasets.mask_values(path).mean() for path in paths], dtype=np.float64)
        kinds.append(Kind(label, {split: len(part) for split, part in parts.items()}, tiles, shares))
    return kinds


def near_duplicates_of(
    table: pd.DataFrame, pairs: list[datasets.leaks.Pair], splits: list[str]
) -> list[NearDuplicates]:
    """Return what the sheet shows of each pair of near-duplicates.

    Args:
        table: of samples, as the pairs count them.
        pairs: of near-duplicates.
        splits: for each pair the splits of its images, in words.

    Raises:
        DatasetError: a file cannot be read.
    """
    rows = list(table.itertuples(index=False))
    return [
        NearDuplicates(
            (_tile(rows[pair.first]), _tile(rows[pair.second])), f"{between}: {pair.correlation:.3f}, {pair.move}"
        )
        for pair, between in zip(pairs, splits, strict=True)
    ]


def _spread(rows: pd.DataFrame, most: int) -> list[Any]:
    """Return up to `most` rows, evenly spread over the table."""
    places = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64))
    return list(rows.iloc[places].itertuples(index=False))


def _tile(row: Any) -> Tile:
    size = _fitting(row.image_path)
    image: NDArray[np.uint8] = datasets.read_image(row.image_path, size, 3).transpose(1, 2, 0)
    return Tile(image, datasets.read_mask(row.mask_path, size), row.id)


def _fitting(path: str) -> tuple[int, int]:
    """Return the (height, width) of an image, scaled down to `PIXELS`."""
    wide, tall = datasets.reader.open_image(path).size
    scale = min(1.0, PIXELS / max(tall, wide))
    return max(1, round(tall * scale)), max(1, round(wide * scale))
