"""The figure of a sweep."""

import math

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from reports.sweep_figure import draw
from results.studies.sweeps import NO_ESTIMATE, Curve, Estimate
from tests.helpers.sweeps import DELTAS, SIZES, curve, estimate, sweep


def lines(axis):
    """Return the lines of an axis by family."""
    return {line.get_label(): line for line in axis.lines if not line.get_label().startswith("δ")}


def test_a_panel_a_split_shares_the_axis_of_iou(tmp_path, figures):
    families = ("ra-cam", "lt-layer-cam")
    ious = {"train": (0.7, 0.8, 0.9), "test": (0.1, 0.2, 0.3)}
    shown = sweep(
        [curve(family, split, ious[split], images=images) for family in families for split, images in SIZES.items()]
    )
    assert draw(shown, tmp_path / "sweep.png") == tmp_path / "sweep.png"
    (figure,) = figures
    assert [axis.get_title() for axis in figure.axes] == [
        "train: 14 images, 4 items", "test: 1 image, 4 items",
    ]  # fmt: skip
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert left.get_ylabel() == "IoU in %"
    assert {axis.get_xlabel() for axis in figure.axes} == {"δ, percentile of the positive gradient"}
    assert Image.open(tmp_path / "sweep.png").width > 900
    assert (tmp_path / "sweep.pdf").read_bytes().startswith(b"%PDF")


def test_a_line_is_iou_in_percent_against_delta_within_its_interval(tmp_path, figures):
    draw(sweep([curve(split="train", ious=(0.4, 0.5, 0.6)), curve(ious=(0.2, 0.3, 0.1))]), tmp_path / "sweep.png")
    right = figures[0].axes[1]
    line = lines(right)["ra-cam"]
    assert line.get_xdata().tolist() == list(DELTAS)
    assert line.get_ydata() == pytest.approx([20, 30, 10])
    (band,) = right.collections
    corners = {tuple(np.round(point, 6)) for point in band.get_paths()[0].vertices}
    assert {(0, 15), (0, 25), (50, 25), (50, 35), (90, 5), (90, 15)} <= corners


def test_the_default_is_marked_and_the_legend_names_every_family_once(tmp_path, figures):
    draw(sweep([curve(family, split) for family in ("a", "b") for split in SIZES]), tmp_path / "sweep.png")
    (figure,) = figures
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["δ 50, the default", "a", "b"]
    for axis in figure.axes:
        (mark,) = [line for line in axis.lines if line.get_label().startswith("δ")]
        assert list(mark.get_xdata()) == [50, 50]


def test_families_differ_in_colour_and_marker_and_keep_them_across_panels(tmp_path, figures):
    names = [f"family-{number}" for number in range(9)]
    draw(sweep([curve(family, split) for family in names for split in SIZES]), tmp_path / "sweep.png")
    left, right = (lines(axis) for axis in figures[0].axes)
    looks = {name: (to_hex(left[name].get_color()), left[name].get_marker()) for name in names}
    assert looks == {name: (to_hex(right[name].get_color()), right[name].get_marker()) for name in names}
    assert len(set(looks.values())) == 9
    assert len({colour for colour, _ in list(looks.values())[:7]}) == 7
    assert len({marker for _, marker in list(looks.values())[:8]}) == 8


def luminance(colour):
    rgb = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def test_every_line_is_seen_on_white(tmp_path, figures):
    names = [f"family-{number}" for number in range(7)]
    draw(sweep([curve(family) for family in names]), tmp_path / "sweep.png")
    for line in lines(figures[0].axes[0]).values():
        assert 1.05 / (luminance(to_hex(line.get_color())) + 0.05) > 2


@pytest.mark.parametrize("points", [NO_ESTIMATE, Estimate(0.3, math.nan, math.nan, 2, 1, 0), estimate(0.0)])
def test_what_is_undefined_leaves_a_gap(tmp_path, figures, points):
    draw(sweep([Curve("ra-cam", "test", dict.fromkeys(DELTAS, points))]), tmp_path / "sweep.png")
    assert figures[0].axes[0].get_ylim()[0] >= 0
