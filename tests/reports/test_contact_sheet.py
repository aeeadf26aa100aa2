"""The pictures of a dataset: what is drawn where."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from reports import contact_sheet, near_duplicate_sheet
from reports.contact_sheet import Kind, Tile, draw, outline, shortened
from reports.near_duplicate_sheet import NearDuplicates

SPLITS = ("train", "val", "test")


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn, kept open."""
    kept = []
    monkeypatch.setattr(plt, "close", kept.append)
    yield kept
    monkeypatch.undo()
    plt.close("all")


def tile(name="i0", shape=(30, 20), marked=True):
    mask = np.zeros(shape, dtype=bool)
    mask[5:9, 4:8] = marked
    return Tile(np.full((*shape, 3), 120, dtype=np.uint8), mask, name)


def kind(label, shares=(), tiles=2, **counts):
    shown = {
        split: [tile(f"{label}/{split}{number}", marked=label != "good") for number in range(tiles)] for split in SPLITS
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


def test_the_histogram_counts_every_marked_image_on_one_log_axis(tmp_path, figures):
    draw(
        [kind("good"), kind("dent", [0.0004, 0.002, 0.0]), kind("scratch", [0.05, 0.06, 0.07])], "", tmp_path / "a.png"
    )
    bars = [axis for axis in figures[0].axes if axis.patches]
    assert [sum(bar.get_height() for bar in axis.patches) for axis in bars] == [2, 3]
    assert {axis.get_xscale() for axis in bars} == {"log"}
    assert [axis.get_xlim() for axis in bars] == [(0.0001, 0.1)] * 2
    assert bars[0].get_title() == "median 0.12 %; 1 mark nothing"
    assert bars[1].get_title() == "median 6 %"
    assert bars[1].xaxis.get_major_formatter()(0.001, None) == "0.1 %"


@pytest.mark.parametrize("shares", [[], [0.0], [1.0], [0.01, 0.01]])
def test_any_shares_can_be_drawn(tmp_path, shares):
    draw([kind("dent", shares)], "", tmp_path / "a.png")


def test_images_of_many_shapes_can_be_drawn(tmp_path):
    tiles = {"train": [tile(shape=(40, 10))], "val": [tile(shape=(10, 60))], "test": []}
    draw([Kind("dent", dict.fromkeys(SPLITS, 1), tiles, np.array([0.1]))], "", tmp_path / "a.png")


def lines(mask):
    figure, axis = plt.subplots()
    outline(axis, np.zeros((*mask.shape, 3), dtype=np.uint8), mask)
    paths = [path for drawn in axis.collections for path in drawn.get_paths()]
    limits = axis.get_xlim(), axis.get_ylim()
    plt.close(figure)
    return paths, limits


@pytest.mark.parametrize(
    ("rows", "columns"), [((10, 13), (20, 26)), ((0, 4), (0, 5)), ((46, 50), (70, 80)), ((0, 50), (0, 80))]
)
def test_the_line_runs_around_the_defect_closed_and_within_the_picture(rows, columns):
    mask = np.zeros((50, 80), dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    paths, ((left, right), (bottom, top)) = lines(mask)
    assert len(paths) == 2
    for path in paths:
        points = path.vertices
        assert np.array_equal(points[0], points[-1])
        assert columns[0] - 2.5 < points[:, 0].min() < columns[0] - 1
        assert columns[1] < points[:, 0].max() < columns[1] + 1.5
        assert rows[0] - 2.5 < points[:, 1].min() < rows[0] - 1
        assert left <= points[:, 0].min()
        assert right >= points[:, 0].max()
        assert top <= points[:, 1].min()
        assert bottom >= points[:, 1].max()


def test_no_line_without_a_defect():
    assert lines(np.zeros((50, 80), dtype=bool))[0] == []


def test_the_line_stands_out_from_any_grey_for_every_eye():
    def luminance(colour):
        rgb = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    assert (luminance(contact_sheet.LINE) + 0.05) / (luminance(contact_sheet.UNDER_LINE) + 0.05) > 15


def test_long_names_keep_their_end():
    assert shortened("bottle/test/000") == "bottle/test/000"
    assert shortened("a" * 30 + "/000", most=10) == "…aaaaa/000"


@pytest.mark.parametrize("number", [1, 3, 4, 5])
def test_pairs_stand_side_by_side_with_what_joins_them(tmp_path, figures, number):
    one, two = tile("a/1"), tile("b/2", shape=(20, 30))
    pairs = [
        NearDuplicates((one.image, two.image), (one.mask, two.mask), ("a/1", "b/2"), f"train – test: 0.99{pair}")
        for pair in range(number)
    ]
    near_duplicate_sheet.draw(pairs, "closest", tmp_path / "deep" / "leaks.png")
    (figure,) = figures
    assert [name for name in labels(figure, "x") if name] == ["a/1", "b/2"] * number
    captions = [axis.get_title(loc="left") for axis in figure.axes]
    assert [text for text in captions if text] == [pair.caption for pair in pairs]
    assert (tmp_path / "deep" / "leaks.png").stat().st_size > 1000
