"""Near-duplicates: pairs of images that show the same, so that one may be trained on and the other tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import DatasetError
from .reader import read_image
from .splits import assign

SIDE = 48
"""Height and width of the thumbnails in pixels."""
ALIKE = 0.95
"""Least correlation of two thumbnails that show the same."""
ALIKE_IN_DETAIL = 0.75
"""Least correlation of their details, finer than `COARSE`: all parts under the same lamp look alike when blurred."""
ALIKE_IN_OWN = 0.75
"""Least correlation of what each has beside the mean of all images, which objects in the same pose have in common."""
NEARLY_EQUAL = 0.95
"""The same for two images that are copies of each other, or shots of the same part in the same place."""
FEW = 4
"""With more images than this, most of their mean is subtracted: the mean of a few images is rather one of them."""
COARSE = 2.0
"""Standard deviation, in pixels of the thumbnail, of the blur that is subtracted to leave the details."""
ROWS = 512
"""Thumbnails that are compared with all others at once, which bounds the memory."""

Thumbnails = NDArray[np.float32]
MOVES: dict[str, Callable[[Thumbnails], Thumbnails]] = {
    "as the first": lambda images: images,
    "turned by 90°": lambda images: np.rot90(images, 1, (1, 2)),
    "turned by 180°": lambda images: np.rot90(images, 2, (1, 2)),
    "turned by 270°": lambda images: np.rot90(images, 3, (1, 2)),
    "left and right swapped": lambda images: images[:, :, ::-1],
    "top and bottom swapped": lambda images: images[:, ::-1],
    "mirrored at the diagonal": lambda images: images.transpose(0, 2, 1),
    "mirrored at the other diagonal": lambda images: np.rot90(images, 2, (1, 2)).transpose(0, 2, 1),
}
"""The eight turns and mirror images of a square; turns are counterclockwise."""


@dataclass(frozen=True)
class Pair:
    """Two images that show the same.

    Attributes:
        first: row of one image in the table.
        second: row of the other image, below the first.
        correlation: of the two thumbnails, the second one moved by `move`.
        own: correlation of the details that each has beside the mean of all images.
        move: what makes the second image look like the first, a key of `MOVES`.
    """

    first: int
    second: int
    correlation: float
    own: float
    move: str

    @property
    def nearly_equal(self) -> bool:
        """Tell whether the two show one part in one place, so that they belong to one item."""
        return self.own >= NEARLY_EQUAL


def near_duplicates(paths: Sequence[str], *, strict: bool = True) -> list[Pair]:
    """Return all pairs of images that differ only by a turn, a mirror, brightness or encoding; the closest first.

    Different objects of one kind in the same pose look alike as a whole. They are no near-duplicates unless what tells
    them from the others is alike too.

    Args:
        paths: of the images.
        strict: raise for a file that cannot be read as an image, which else is like no other.

    Raises:
        DatasetError: a file cannot be read as an image.
    """
    images = np.stack([_thumbnail(path, strict=strict) for path in paths]).astype(np.float32)
    pixel = np.arange(SIDE)
    weight = np.exp(-((pixel[:, None] - pixel) ** 2) / (2 * COARSE**2))
    blur = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
    details = images - blur @ images @ blur.T
    unit = _unit(details).reshape(images.shape)
    own = unit - len(unit) / (len(unit) + FEW) * unit.mean(axis=0)
    found: dict[tuple[int, int], Pair] = {}
    for move, moved in MOVES.items():
        for pair in _alike(images, details, own, move, moved):
            known = found.get((pair.first, pair.second))
            if known is None or pair.correlation > known.correlation:
                found[pair.first, pair.second] = pair
    return sorted(found.values(), key=lambda pair: (-pair.correlation, pair.first, pair.second))


def parts(table: pd.DataFrame, folds: int) -> list[pd.DataFrame]:
    """Return `table` with its splits, once for the single split (`folds` is 0) or once for each fold."""
    return [assign(table, folds=folds, fold=fold) for fold in range(max(folds, 1))]


def shuffled(tables: list[pd.DataFrame], seed: int = 0) -> list[pd.DataFrame]:
    """Return `tables` with the splits dealt to single images at random, each split as large as before."""
    order = np.random.default_rng(seed).permutation(len(tables[0]))
    return [table.assign(split=table["split"].to_numpy()[order]) for table in tables]


def crossing(pairs: list[Pair], tables: list[pd.DataFrame]) -> list[Pair]:
    """Return the pairs that are in different splits of at least one of `tables`."""
    splits = np.stack([table["split"].to_numpy(dtype=str) for table in tables])
    return [pair for pair in pairs if (splits[:, pair.first] != splits[:, pair.second]).any()]


def joined(pairs: list[Pair], own: pd.DataFrame, table: pd.DataFrame) -> list[Pair]:
    """Return the pairs of two items of `own` that are one item of `table`."""
    before, after = own["group"].tolist(), table["group"].tolist()
    return [
        pair for pair in pairs if before[pair.first] != before[pair.second] and after[pair.first] == after[pair.second]
    ]


def apart(pairs: list[Pair]) -> list[Pair]:
    """Return `pairs` in their order, without those that share an image with an earlier one."""
    seen: set[int] = set()
    found = []
    for pair in pairs:
        if not seen & {pair.first, pair.second}:
            seen |= {pair.first, pair.second}
            found.append(pair)
    return found


def described(pairs: list[Pair], tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return a row for each pair: `first` and `second` (ids), `splits`, `correlation`, `own`, `shows` and `move`.

    With several tables, `splits` names the folds in which the two images are tested. `shows` is "one item" where what
    the two have of their own is nearly equal, and else "look-alikes", which may be two items.
    """
    ids = tables[0]["id"].tolist()
    names = tables[0]["split"].tolist()
    for fold, table in enumerate(tables if len(tables) > 1 else []):
        for position in np.flatnonzero(table["split"] == "test"):
            names[position] = f"fold {fold}"
    rows = [
        {
            "first": ids[pair.first],
            "second": ids[pair.second],
            "splits": f"{names[pair.first]} – {names[pair.second]}",
            "correlation": pair.correlation,
            "own": pair.own,
            "shows": "one item" if pair.nearly_equal else "look-alikes",
            "move": pair.move,
        }
        for pair in pairs
    ]
    return pd.DataFrame(rows, columns=["first", "second", "splits", "correlation", "own", "shows", "move"])


def leaked(pairs: list[Pair], tables: list[pd.DataFrame]) -> int:
    """Return how many test images of `tables` have a near-duplicate among the training images."""
    ends = np.array([(pair.first, pair.second) for pair in pairs], dtype=np.int64).reshape(-1, 2)
    ends = np.concatenate([ends, ends[:, ::-1]])
    number = 0
    for table in tables:
        split = table["split"].to_numpy(dtype=str)
        leaks = (split[ends[:, 0]] == "test") & (split[ends[:, 1]] == "train")
        number += len(np.unique(ends[leaks, 0]))
    return number


def _thumbnail(path: str, *, strict: bool) -> NDArray[np.uint8]:
    try:
        (grey,) = read_image(path, (SIDE, SIDE), 1)
    except DatasetError:
        if strict:
            raise
        return np.zeros((SIDE, SIDE), dtype=np.uint8)  # what is flat is like nothing
    return np.asarray(grey)


def _alike(
    images: Thumbnails, details: Thumbnails, own: Thumbnails, move: str, moved: Callable[[Thumbnails], Thumbnails]
) -> list[Pair]:
    """Return the pairs of (N, SIDE, SIDE) thumbnails that show the same when the second one is moved."""
    coarse, fine, left = (_unit(stack) for stack in (images, details, own))
    coarse_moved, fine_moved, left_moved = (_unit(moved(stack)) for stack in (images, details, own))
    pairs = []
    for start in range(0, len(images), ROWS):
        rows = slice(start, start + ROWS)
        correlation, of_own = coarse[rows] @ coarse_moved.T, left[rows] @ left_moved.T
        alike = (correlation >= ALIKE) & (fine[rows] @ fine_moved.T >= ALIKE_IN_DETAIL) & (of_own >= ALIKE_IN_OWN)
        pairs += [
            Pair(start + int(row), int(column), _bounded(correlation[row, column]), _bounded(of_own[row, column]), move)
            for row, column in zip(*np.nonzero(alike), strict=True)
            if start + row < column
        ]
    return pairs


def _bounded(correlation: np.float32) -> float:
    return min(float(correlation), 1.0)


def _unit(images: Thumbnails) -> Thumbnails:
    """Return (N, SIDE, SIDE) as (N, SIDE * SIDE), each with mean 0 and length 1; a constant image becomes 0."""
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit: Thumbnails = np.divide(flat, length, out=np.zeros_like(flat), where=length > 0)
    return unit
