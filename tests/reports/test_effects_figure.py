"""The figure of main effects."""

import numpy as np
from PIL import Image

from reports.effects_figure import MEAN, draw
from tests.helpers.main_effects import FOUND


def test_a_panel_a_factor_with_means_over_single_methods(tmp_path, figures):
    draw(FOUND, tmp_path / "effects.png")
    (figure,) = figures
    assert [axis.get_title() for axis in figure.axes] == ["Rule", "Layers", "Weighting", "Fusing"]
    for axis, singles in zip(figure.axes, (8, 8, 8, 4), strict=True):
        *others, means = axis.get_lines()
        assert len(others) == singles
        assert means.get_color() == MEAN
    *others, means = figure.axes[1].get_lines()
    np.testing.assert_allclose(means.get_ydata(), [12.5, 32.5])
    assert sorted({tuple(np.round(line.get_ydata(), 6)) for line in others}) == [(10, 30), (15, 35)]
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == ["last", "stages"]
    assert [text.get_text() for text in figure.axes[1].texts] == ["12.5", "32.5"]


def test_a_picture_with_long_names_is_wide_enough_for_them(tmp_path, figures):
    draw(FOUND, tmp_path / "effects.png")
    axis = figures[0].axes[2]
    boxes = [label.get_window_extent() for label in axis.get_xticklabels()]
    assert boxes[0].x1 < boxes[1].x0


def test_the_picture_is_not_blank(tmp_path):
    draw(FOUND, tmp_path / "effects.png")
    with Image.open(tmp_path / "effects.png") as picture:
        pixels = np.asarray(picture.convert("L"))
    assert pixels.shape[1] > 500
    assert len(np.unique(pixels)) > 50
