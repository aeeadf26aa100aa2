"""The picture of methods layer by layer: what is drawn where."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from reports import layer_sheet
from reports.layer_maps import Block, FusedMap, LayerMap, MethodMaps
from reports.layer_sheet import DPI, MOST, draw
from reports.outlined_image import Tile

SQUARE, TALL, WIDE = (40, 40), (88, 32), (32, 88)


@pytest.fixture
def figures(figures, monkeypatch):
    """The figures that are drawn; coarse, since it is not their pixels that are looked at."""
    monkeypatch.setattr(layer_sheet, "DPI", 30)
    return figures


def slope(shape):
    return (127 * np.add.outer(*(np.linspace(0, 1, side) for side in shape))).astype(np.uint8)


def layer(number, shape, stage=True, share=0.25):
    return LayerMap(f"S{number}" if stage else "", f"features.{number}", slope(shape), 3.14e-4, share)


def method(text="grad-cam/stages", layers=4, shape=SQUARE, **fused):
    given = {"how": "sum", "status": "ok", "levels": slope(shape), "positive": slope(shape) > 200, "iou": 0.243} | fused
    return MethodMaps(text, tuple(layer(number, shape) for number in range(1, layers + 1)), FusedMap(**given))


def block(*methods, name="kos01/Part5", shape=SQUARE):
    mask = np.zeros(shape, dtype=bool)
    mask[5:9, 4:8] = True
    return Block(Tile(np.full((*shape, 3), 120, dtype=np.uint8), mask, name), "defect; test, fold 2 of 5", methods)


def drawn(figures, tmp_path, *blocks):
    """Draw, and return the figure and its axes: of each block the image, then the maps method by method."""
    draw(list(blocks), "my set", tmp_path / "deep" / "a.png")
    (figure,) = figures
    return figure, figure.axes


def titles(axes):
    return [axis.get_title() for axis in axes]


def texts(figure):
    return [text.get_text() for text in figure.texts]


def test_every_method_has_a_map_a_layer_and_a_fused_one_beside_the_image(tmp_path, figures):
    first, second = block(method(), method("ra-cam@50")), block(method(), name="kos02/Part1")
    figure, axes = drawn(figures, tmp_path, first, second)
    row = [*(f"S{number} features.{number}\n25.0 %, max 3.1e-04" for number in range(1, 5)), "fused (sum)\nIoU 24.3 %"]
    assert titles(axes) == ["", *row, *row, "", *row]
    said = texts(figure)
    assert said[0] == "my set"
    assert [text for text in said if text in {"grad-cam/stages", "ra-cam@50"}] == [
        "grad-cam/stages", "ra-cam@50", "grad-cam/stages",
    ]  # fmt: skip
    assert {"kos01/Part5", "kos02/Part1", "defect; test, fold 2 of 5"} <= set(said)


def test_the_pixels_are_those_that_were_given_over_the_whole_range_of_colours(tmp_path, figures):
    _, (image, *maps) = drawn(figures, tmp_path, block(method(layers=2)))
    assert np.array_equal(image.get_images()[0].get_array(), block().image.image)
    for axis in maps:
        (image,) = axis.get_images()
        assert np.array_equal(image.get_array(), slope(SQUARE))
        assert image.get_clim() == (0, 255)
        assert image.get_cmap().name == "viridis"


def lines(axis):
    return [path for drawn in axis.collections for path in drawn.get_paths() if len(path.vertices)]


def test_only_the_fused_map_has_a_line_and_it_runs_on_the_border_of_what_is_predicted_positive(tmp_path, figures):
    positive = np.zeros(SQUARE, dtype=bool)
    positive[10:20, 30:40] = True
    _, (_, *alone, fused) = drawn(figures, tmp_path, block(method(positive=positive)))
    assert not any(lines(axis) for axis in alone)
    (path,) = lines(fused)
    low, high = path.vertices.min(0), path.vertices.max(0)
    assert low.tolist() == [29.5, 9.5]
    assert high.tolist() == [39.5, 19.5]
    assert fused.get_xlim() == (-0.5, 39.5)
    assert fused.get_ylim() == (39.5, -0.5)


def test_a_constant_map_has_no_line_and_a_defect_free_image_has_an_area_for_iou(tmp_path, figures):
    nothing = np.zeros(SQUARE, dtype=bool)
    flat = method(status="constant", positive=nothing, iou=0.0)
    clean = method(positive=~nothing, iou=math.nan)
    _, axes = drawn(figures, tmp_path, block(flat, clean))
    assert titles(axes)[5] == "fused (sum)\nconstant: IoU 0.0 %"
    assert not lines(axes[5])
    assert titles(axes)[-1] == "fused (sum)\nFP area 100.0 %"


def test_one_map_is_not_called_fused_and_unknown_shares_are_a_dash(tmp_path, figures):
    dead = replace(layer(5, SQUARE, share=math.nan), maximum=0.0)
    one = method(layers=0, how="")
    _, axes = drawn(figures, tmp_path, block(replace(one, layers=(dead,))))
    assert titles(axes)[1:] == ["S5 features.5\n–, max 0", "heatmap\nIoU 24.3 %"]


def test_a_long_name_keeps_its_stage_and_its_end(tmp_path, figures):
    named = replace(layer(3, SQUARE), name="features.denseblock3.denselayer24.conv2")
    _, axes = drawn(figures, tmp_path, block(replace(method(), layers=(named,))))
    name = titles(axes)[1].splitlines()[0]
    assert name.startswith("S3 …")
    assert name.endswith("denselayer24.conv2")
    assert len(name) <= layer_sheet.SIDE / layer_sheet.CHARACTER


def test_a_method_without_an_answer_has_its_reason_and_the_others_their_maps(tmp_path, figures):
    reason = "not applicable: " + "the network does not end in global average pooling " * 4
    figure, axes = drawn(figures, tmp_path, block(MethodMaps("cam", reason=reason.strip()), method()))
    assert len(axes) == 1 + 5
    (said,) = [text for text in figure.texts if text.get_text().startswith("not applicable")]
    assert " ".join(said.get_text().split("\n")) == reason.strip()
    right = said.get_window_extent(figure.canvas.get_renderer()).x1
    assert right <= figure.bbox.x1


@pytest.mark.parametrize("shape", [SQUARE, TALL, WIDE])
def test_many_layers_are_wrapped_and_nothing_covers_anything_else(tmp_path, figures, shape):
    many = 2 * MOST + 1
    without = MethodMaps("cam", reason="not applicable: " + "for a long reason " * 20)
    blocks = [block(method(layers=many, shape=shape), without, method(shape=shape), shape=shape)] * 2
    figure, axes = drawn(figures, tmp_path, *blocks)
    assert len(axes) == 2 * (1 + many + 1 + 5)
    renderer = figure.canvas.get_renderer()
    boxes = [axis.get_tightbbox(renderer) for axis in axes]
    boxes += [text.get_window_extent(renderer) for text in figure.texts if text.get_text()]
    for one, other in combinations(boxes, 2):
        wide = min(one.x1, other.x1) - max(one.x0, other.x0)
        high = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(wide, high) <= 1, (one, other)
    page = figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)
    lefts = sorted({round(axis.get_position().x0, 3) for axis in axes[1 : 1 + many]})
    assert len(lefts) == MOST


@pytest.mark.parametrize("shape", [SQUARE, TALL, WIDE])
def test_fused_maps_stand_in_one_column_and_maps_keep_their_proportions(tmp_path, figures, shape):
    figure, axes = drawn(figures, tmp_path, block(method(layers=9, shape=shape), method(shape=shape), shape=shape))
    fused = [axis for axis in axes if axis.get_title().startswith("fused")]
    assert len({round(axis.get_position().x0, 6) for axis in fused}) == 1
    first = [axis for axis in axes if axis.get_title().startswith("S1")]
    tops = [[axis.get_position(original=True).y1 for axis in some] for some in (fused, first)]
    assert tops[0] == pytest.approx(tops[1])
    for axis in axes[1:]:
        box = axis.get_window_extent(figure.canvas.get_renderer())
        assert box.height / box.width == pytest.approx(shape[0] / shape[1], rel=0.02)


@pytest.mark.parametrize("shape", [SQUARE, TALL, WIDE])
def test_the_picture_is_as_large_as_its_parts(tmp_path, shape):
    sizes = []
    for methods in (1, 2, 3):
        target = tmp_path / f"{methods}.png"
        draw([block(*[method(shape=shape)] * methods, shape=shape)], "", target)
        with Image.open(target) as picture:
            sizes.append(picture.size)
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    widths, heights = zip(*sizes, strict=True)
    assert len(set(widths)) == 1
    # Each height is that of a page in inches, rounded to pixels, and the middle one counts twice.
    assert heights[2] - heights[1] == pytest.approx(heights[1] - heights[0], abs=2)
    row = (heights[1] - heights[0]) / DPI
    assert layer_sheet.TITLE + 0.4 < row < layer_sheet.TALLEST + 0.6


def test_a_sheet_of_reasons_alone_has_room_for_its_title(tmp_path, figures):
    draw([block(MethodMaps("cam", reason="not applicable: because"))], "a" * 60, tmp_path / "a.png")
    (figure,) = figures
    title = figure.texts[0].get_window_extent(figure.canvas.get_renderer())
    assert title.x1 <= figure.bbox.x1
