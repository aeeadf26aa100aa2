"""A sample table that somebody wrote, as a CSV file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .errors import DatasetError
from .reader import mask_values
from .table import COLUMNS, GOOD, SPLITS, rows_of, sample_table

NEEDED = ("image_path", "label")
"""Columns that a file must have; the others of the sample table have defaults."""


def read_samples(path: Path, mask_above: float = 0) -> pd.DataFrame:
    """Read a CSV file with columns of the sample table: ``image_path``, ``label``, and if need be the others.

    Paths are relative to the file. By default the id is the image's path without its suffix, each image is an item of
    its own, there is no official split, and no mask is known. Good images may have a mask, which must be empty.

    Args:
        path: the file, in UTF-8, separated by commas.
        mask_above: value of a mask above which a pixel is defective.

    Raises:
        DatasetError: the file is no such table, or files that it names are missing; the message lists all of them.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path} cannot be read as a table ({error}); it should be CSV in UTF-8") from error
    if lacking := [name for name in NEEDED if name not in table]:
        raise DatasetError(
            f"{path} lacks the column {lacking[0]}: it should hold {', '.join(NEEDED)} and may hold "
            f"{', '.join(sorted({*COLUMNS} - {*NEEDED}))}; it has {', '.join(table.columns)}"
        )
    whole = table.reindex(columns=list(COLUMNS), fill_value="").apply(lambda column: column.str.strip())
    rows = rows_of(lambda row: _row(path, row, mask_above), ((row,) for row in whole.to_dict("records")))
    if len(splits := {row["split"] for row in rows}) > 1 and "" in splits:
        raise DatasetError(f"{path} names the split of some images only: name that of all, or of none")
    return sample_table(rows, path)


def _row(path: Path, row: dict[str, str], above: float) -> dict[str, str]:
    image, mask = path.parent / row["image_path"], path.parent / row["mask_path"]
    if not (row["image_path"] and image.is_file()):
        raise DatasetError(f"{path} names the image {row['image_path']!r}, but there is no file {image}")
    if not row["label"]:
        raise DatasetError(f"{path} gives {row['image_path']} no label: write {GOOD}, or the kind of its defect")
    if row["split"] not in {"", *SPLITS}:
        raise DatasetError(f"{path} puts {row['image_path']} into {row['split']!r}: write {', '.join(SPLITS)}")
    if row["mask_path"] and not mask.is_file():
        raise DatasetError(f"{path} names the mask {row['mask_path']!r}, but there is no file {mask}")
    if row["label"] == GOOD and row["mask_path"] and mask_values(str(mask), above).any():
        raise DatasetError(f"{path} labels {row['image_path']} {GOOD}, but its mask {mask} shows a defect")
    name = row["id"] or Path(row["image_path"]).with_suffix("").as_posix()
    return {
        "id": name,
        "group": row["group"] or name,
        "split": row["split"],
        "label": row["label"],
        "image_path": str(image),
        "mask_path": "" if row["label"] == GOOD or not row["mask_path"] else str(mask),
    }
