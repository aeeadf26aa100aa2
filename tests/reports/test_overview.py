"""The picture of a run."""

import contextlib
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from reports.overview import ACROSS, COLUMN_WIDTH, DPI, TITLE, draw
from results.errors import ResultError

METHODS = ["grad-cam", "ra-cam/S2-S4=product@80", "layer-cam"]
SIZE = (24, 16)


@pytest.fixture
def run(tmp_path):
    """A run that kept pictures of two images."""
    random = np.random.default_rng(0)
    for name in ("a/0", "b/1"):
        folder = tmp_path / "gallery" / quote(name, safe="")
        folder.mkdir(parents=True)
        mask = np.zeros(SIZE, np.uint8)
        mask[4:9, 5:12] = 255
        pictures = {"image": random.integers(0, 256, SIZE, dtype=np.uint8), "mask": mask}
        pictures |= {method: random.integers(0, 256, SIZE, dtype=np.uint8) for method in METHODS}
        for title, pixels in pictures.items():
            Image.fromarray(pixels).save(folder / f"{quote(title, safe='')}.png")
    return tmp_path


def layers(axis):
    """Return how many pictures lie over each other in `axis`."""
    return len(axis.get_images())


def test_a_row_an_image_and_a_column_a_method(run, figures):
    draw(run, METHODS)
    (figure,) = figures
    assert len(figure.axes) == 2 * (1 + len(METHODS))
    assert [axis.get_ylabel() for axis in figure.axes[:: 1 + len(METHODS)]] == ["a/0", "b/1"]
    titles = [axis.get_title().replace("\n", "") for axis in figure.axes[: 1 + len(METHODS)]]
    assert titles == ["image", *METHODS]


def test_heatmaps_lie_over_the_image_and_the_mask_is_outlined(run, figures):
    draw(run, METHODS)
    assert [layers(axis) for axis in figures[0].axes] == 2 * [1, 2, 2, 2]
    assert all(axis.collections for axis in figures[0].axes)


def test_the_picture_is_as_large_as_its_grid_and_not_blank(run):
    path = draw(run, METHODS)
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert path == run / "overview.png"
    height, width = pixels.shape[:2]
    assert width == pytest.approx(DPI * COLUMN_WIDTH * 4, abs=2)
    assert height == pytest.approx(DPI * 2 * (COLUMN_WIDTH * SIZE[0] / SIZE[1] + TITLE), abs=2)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 100


def test_many_methods_go_on_in_further_rows(run, figures):
    names = [f"m{number}" for number in range(ACROSS + 3)]
    with Image.open(draw(run, names)) as picture:
        assert picture.width <= 1900
    (figure,) = figures
    titles = [axis.get_title() for axis in figure.axes]
    assert len(titles) == 4 * (1 + len(names) // 2)
    assert [title for title in titles if title] == 2 * ["image", *names[:8], "image", *names[8:]]


def test_images_that_would_make_it_too_tall_are_left_out(run, figures, monkeypatch):
    monkeypatch.setattr("reports.overview.TALLEST", 3.0)
    draw(run, METHODS)
    assert [axis.get_ylabel() for axis in figures[0].axes[:: 1 + len(METHODS)]] == ["a/0"]


def test_a_missing_heatmap_leaves_the_image_alone(run, figures):
    (run / "gallery" / quote("a/0", safe="") / "layer-cam.png").unlink()
    draw(run, METHODS)
    assert [layers(axis) for axis in figures[0].axes] == [1, 2, 2, 1, 1, 2, 2, 2]


def test_methods_that_were_not_asked_for_are_left_out(run, figures):
    draw(run, METHODS[:1])
    assert len(figures[0].axes) == 4


def test_an_empty_mask_has_no_outline(run, figures):
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(run / "gallery" / quote("a/0", safe="") / "mask.png")
    draw(run, METHODS)
    assert not figures[0].axes[0].collections


def test_a_run_without_any_picture_does_not_crash(tmp_path):
    # No image of the test split is defective, or none could be read.
    with contextlib.suppress(ResultError):
        draw(tmp_path, METHODS)
