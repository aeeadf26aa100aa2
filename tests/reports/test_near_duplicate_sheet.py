"""The sheet of near-duplicates."""

import numpy as np
import pytest

from reports.near_duplicate_sheet import NearDuplicates, draw
from reports.outlined_image import Tile


def tile(name, shape):
    mask = np.zeros(shape, dtype=bool)
    mask[5:9, 4:8] = True
    return Tile(np.full((*shape, 3), 120, dtype=np.uint8), mask, name)


@pytest.mark.parametrize("number", [1, 3, 4, 5])
def test_pairs_stand_side_by_side_with_what_joins_them(tmp_path, figures, number):
    tiles = tile("a/1", (30, 20)), tile("b/2", (20, 30))
    pairs = [NearDuplicates(tiles, f"train – test: 0.99{pair}") for pair in range(number)]
    draw(pairs, "closest", tmp_path / "deep" / "leaks.png")
    (figure,) = figures
    assert [name for axis in figure.axes if (name := axis.get_xlabel())] == ["a/1", "b/2"] * number
    captions = [axis.get_title(loc="left") for axis in figure.axes]
    assert [text for text in captions if text] == [pair.caption for pair in pairs]
    assert (tmp_path / "deep" / "leaks.png").stat().st_size > 1000
