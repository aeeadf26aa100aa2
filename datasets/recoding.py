"""Masks with a coding of their own, as masks of 0 and 255."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from .errors import DatasetError
from .reader import mask_values


def recode_masks(table: pd.DataFrame, above: float, folder: Path) -> pd.DataFrame:
    """Return `table` with masks in which what is above a value in the file's own values is 255, and all else 0.

    They are written once, under a name that stands for the content, so that whatever reads masks, fingerprints
    included, sees this coding. A mask that cannot be read stays as it is: it is told where masks are checked.

    Args:
        table: a sample table.
        above: the value; a pixel that has it is not defective.
        folder: where the masks are written.
    """
    return table.assign(mask_path=[path and _recoded(Path(path), above, folder) for path in table["mask_path"]])


def _recoded(path: Path, above: float, folder: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    target = folder / f"above-{above:g}" / f"{path.stem}-{digest}.png"
    if not target.is_file():
        try:
            defective = mask_values(str(path), above)
        except DatasetError:
            return str(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".part")
        Image.fromarray(defective.astype(np.uint8) * np.uint8(255)).save(temporary, format="PNG")
        temporary.rename(target)
    return str(target)
