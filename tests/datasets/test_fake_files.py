"""Fake files are read as what they stand for, and depend on their names and folders alone."""

import pytest
from PIL import Image

from datasets import read_image, read_mask
from datasets.fake_files import BRIGHT, DARK, SIDE, SQUARE, STRIP, write_defective, write_empty_mask, write_good


@pytest.mark.parametrize("kind", ["grey", "faint", "palette", "bilevel"])
@pytest.mark.parametrize("shape", [SQUARE, STRIP])
def test_a_mask_of_every_kind_is_where_the_image_is_bright(tmp_path, kind, shape):
    image, mask = tmp_path / "new" / "a.png", tmp_path / "masks" / "a.png"
    write_defective(image, mask, shape=shape, kind=kind)
    bright, defect = read_image(str(image), shape, 1)[0] == BRIGHT, read_mask(str(mask), shape)
    assert (bright == defect).all()
    assert defect.sum() == SIDE * SIDE


def test_a_good_image_is_dark_and_its_mask_is_empty(tmp_path):
    write_good(tmp_path / "a.png", shape=STRIP)
    write_empty_mask(tmp_path / "m.png", STRIP)
    pixels = read_image(str(tmp_path / "a.png"), STRIP, 1)
    assert DARK - 30 <= pixels.min() < pixels.max() < DARK + 30
    assert not read_mask(str(tmp_path / "m.png"), STRIP).any()


def test_sixteen_bits_hold_the_grey_levels_of_eight(tmp_path):
    for bits, folder in ((8, "one"), (16, "other")):
        write_defective(tmp_path / folder / "in" / "a.png", tmp_path / folder / "m.png", bits=bits)
    eight, sixteen = (tmp_path / folder / "in" / "a.png" for folder in ("one", "other"))
    assert Image.open(sixteen).mode.startswith("I;16")
    assert (read_image(str(eight), SQUARE, 1) == read_image(str(sixteen), SQUARE, 1)).all()


def test_a_file_depends_on_its_name_and_folder_alone(tmp_path):
    for place in ("one/in/a.png", "other/in/a.png", "one/in/b.png", "one/beside/a.png"):
        write_good(tmp_path / place)
    one, same, other, beside = (
        path.read_bytes()
        for path in (
            tmp_path / "one/in/a.png",
            tmp_path / "other/in/a.png",
            tmp_path / "one/in/b.png",
            tmp_path / "one/beside/a.png",
        )
    )
    assert one != beside
    assert one == same
    assert one != other
