"""The figures of TIMINGS."""

from dataclasses import replace
from pathlib import Path

import pytest

from reports.timing_figures import draw
from results.errors import ResultError
from results.store.timings import growth
from tests.helpers.timings import TIMINGS


def test_pictures_are_png_and_svg(tmp_path):
    assert draw(TIMINGS, tmp_path) == [tmp_path / "times.png"]
    growths = (growth("pixels", "a", [(1.0, 1.0), (2.0, 2.0)]), growth("images", "a", [(1.0, 1.0), (2.0, 3.0)]))
    assert draw(replace(TIMINGS, growths=growths), tmp_path) == [tmp_path / "scaling.png"]
    svg = (tmp_path / "times.svg").read_text()
    assert "<svg" in svg
    assert {path.name for path in tmp_path.iterdir()} == {"times.png", "times.svg", "scaling.png", "scaling.svg"}


def test_iou_is_drawn_beside_times_of_the_same_network_and_size(tmp_path):
    run = Path(__file__).resolve().parents[2] / "results/baselines/synthetic"
    assert draw(TIMINGS, tmp_path, run)[1] == tmp_path / "pareto.png"
    elsewhere = tuple(replace(one, conditions=replace(one.conditions, height=64)) for one in TIMINGS.timings)
    with pytest.raises(ResultError, match="which was not timed; add --network vgg-small --head fc"):
        draw(replace(TIMINGS, timings=elsewhere), tmp_path, run)
    unknown = tuple(replace(one, work=one.work + "?") for one in TIMINGS.timings)
    with pytest.raises(ResultError, match="has none of the methods that were timed"):
        draw(replace(TIMINGS, timings=unknown), tmp_path, run)
