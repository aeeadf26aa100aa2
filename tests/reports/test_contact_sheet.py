"""The contact sheet of a dataset."""

import numpy as np
import pytest
from PIL import Image

from reports.contact_sheet import Kind, draw
from reports.outlined_image import Tile

SPLITS = ("train", "val", "test")


def tile(name="i0", shape=(30, 20), defective=True):
    mask = np.zeros(shape, dtype=bool)
    mask[5:9, 4:8] = defective
    return Tile(np.full((*shape, 3), 120, dtype=np.uint8), mask, name)


def kind(label, shares=(), tiles=2, **counts):
    shown = {
        split: [tile(f"{label}/{split}{number}", defective=label != "good") for number in range(tiles)]
        for split in SPLITS
    }
    return Kind(label, dict.fromkeys(SPLITS, 7) | counts, shown, np.array(shares, dtype=float))


def labels(figure, what):
    return [getattr(axis, f"get_{what}label")() for axis in figure.axes]


def test_every_image_of_every_class_and_split_is_there(tmp_path, figures):
    draw([kind("good"), kind("dent", [0.01, 0.02]), kind("scratch", [0.2])], "my set", tmp_path / "deep" / "a.png")
    (figure,) = figures
    names = [
        f"{label}/{split}{number}" for label in ("good", "dent", "scratch") for split in SPLITS for number in (0, 1)
    ]
    assert [name for name in labels(figure, "x") if "/" in name] == names
    assert [text for text in labels(figure, "y") if "train" in text][1] == "dent\n7 train\n7 val\n7 test"
    assert figure.get_suptitle() == "my set"
    assert Image.open(tmp_path / "deep" / "a.png").width > 600


def test_a_split_without_a_class_says_none(tmp_path, figures):
    lacking = kind("dent", [0.01])
    lacking.tiles["val"].clear()
    draw([kind("good"), lacking], "my set", tmp_path / "a.png")
    assert [text.get_text() for axis in figures[0].axes for text in axis.texts] == ["none"]


def test_the_histograms_count_every_image_with_defect_pixels_on_one_log_axis(tmp_path, figures):
    draw(
        [kind("good"), kind("dent", [0.0004, 0.002, 0.0]), kind("scratch", [0.05, 0.06, 0.07])], "", tmp_path / "a.png"
    )
    bars = [axis for axis in figures[0].axes if axis.patches]
    assert [sum(bar.get_height() for bar in axis.patches) for axis in bars] == [2, 3]
    assert {axis.get_xscale() for axis in bars} == {"log"}
    assert [axis.get_xlim() for axis in bars] == [(0.0001, 0.1)] * 2
    assert bars[0].get_title() == "median 0.12 %; 1 empty mask"
    assert bars[1].get_title() == "median 6 %"
    assert bars[1].xaxis.get_major_formatter()(0.001, None) == "0.1 %"


@pytest.mark.parametrize("shares", [[], [0.0], [1.0], [0.01, 0.01]])
def test_any_shares_can_be_drawn(tmp_path, shares):
    draw([kind("dent", shares)], "", tmp_path / "a.png")


def test_images_of_many_shapes_can_be_drawn(tmp_path):
    tiles = {"train": [tile(shape=(40, 10))], "val": [tile(shape=(10, 60))], "test": []}
    draw([Kind("dent", dict.fromkeys(SPLITS, 1), tiles, np.array([0.1]))], "", tmp_path / "a.png")
