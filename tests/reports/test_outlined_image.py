"""An image with its defect outlined."""

import numpy as np
import pytest

from reports.outlined_image import LINE, UNDER_LINE, Tile, outline, shortened
from reports.style import new_figure


def lines(mask):
    axis = new_figure(4, 3).subplots()
    outline(axis, Tile(np.zeros((*mask.shape, 3), dtype=np.uint8), mask, "a"))
    paths = [path for drawn in axis.collections for path in drawn.get_paths()]
    limits = axis.get_xlim(), axis.get_ylim()
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

    assert (luminance(LINE) + 0.05) / (luminance(UNDER_LINE) + 0.05) > 15


def test_long_names_keep_their_end():
    assert shortened("bottle/test/000") == "bottle/test/000"
    assert shortened("a" * 30 + "/000", most=10) == "…aaaaa/000"
