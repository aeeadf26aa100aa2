"""The figure, the points and the table of a sweep."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from rich.console import Console

from reports.sweep_table import draw, markdown, notes, points_table, terminal
from results.metrics.thresholds import parse_policy
from results.studies.sweeps import UNDEFINED, Choice, Curve, Estimate, Sweep
from tests.helpers.small_runs import manifest

DELTAS = (0.0, 50.0, 90.0)
GREY = "\x1b[90m"
SIZES = {"train": 14, "test": 1}
"""Images of the splits."""


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn, kept open."""
    kept = []
    monkeypatch.setattr(plt, "close", kept.append)
    yield kept
    monkeypatch.undo()
    plt.close("all")


def estimate(iou=0.25, width=0.05, images=8, items=4, failed=0):
    return Estimate(iou, iou - width, iou + width, images, items, failed)


def curve(family="ra-cam", split="test", ious=(0.2, 0.3, 0.1), **fields):
    return Curve(family, split, {delta: estimate(iou, **fields) for delta, iou in zip(DELTAS, ious, strict=True)})


def choice(chosen_on="default", deltas=((50.0,),), test=None, family="ra-cam"):
    return Choice(family, chosen_on, deltas, test or estimate())


def sweep(curves=None, choices=(), *, absent=None, unread=0, policy="otsu"):
    curves = curves or [curve(split="train", images=14, items=1), curve()]
    return Sweep(parse_policy(policy), 50.0, tuple(curves), tuple(choices), absent or {}, unread)


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


@pytest.mark.parametrize("points", [UNDEFINED, Estimate(0.3, math.nan, math.nan, 2, 1, 0), estimate(0.0)])
def test_what_is_undefined_leaves_a_gap(tmp_path, figures, points):
    draw(sweep([Curve("ra-cam", "test", dict.fromkeys(DELTAS, points))]), tmp_path / "sweep.png")
    assert figures[0].axes[0].get_ylim()[0] >= 0


def test_every_point_is_a_row_of_the_csv(tmp_path):
    points_table(sweep()).to_csv(tmp_path / "sweep.csv", index=False)
    rows = pd.read_csv(tmp_path / "sweep.csv")
    assert list(rows.columns) == ["family", "split", "delta", "iou", "low", "high", "images", "items", "failed"]
    assert rows["split"].tolist() == ["train"] * 3 + ["test"] * 3
    last = rows.iloc[-1]
    assert (last["family"], last["delta"], last["images"], last["items"]) == ("ra-cam", 90, 8, 4)
    assert last[["iou", "low", "high"]].tolist() == pytest.approx([0.1, 0.05, 0.15])


def cells_of(shown):
    rows = [line.strip("| ").split(" | ") for line in markdown(shown, manifest()).splitlines() if line.startswith("|")]
    return rows[0], rows[2:]


def test_the_table_says_what_a_chosen_delta_gives_on_test(tmp_path):
    heads, rows = cells_of(
        sweep(
            choices=[
                choice(),
                choice("train", ((60.0,),), estimate(0.3, 0.1)),
                choice("val", ((12.5,),)),
                choice("test", ((0.0,),)),
            ]
        )
    )
    assert heads == ["Method", "δ chosen on", "δ", "Test IoU [95 %]", "Masks"]
    assert rows == [
        ["`ra-cam`", "default", "50", "25.00 [20.00, 30.00]", "none"],
        ["`ra-cam`", "training", "60", "30.00 [20.00, 40.00]", "training"],
        ["`ra-cam`", "validation", "12.5", "25.00 [20.00, 30.00]", "validation"],
        ["`ra-cam`", "test", "0", "25.00 [20.00, 30.00]", "test"],
    ]


@pytest.mark.parametrize(
    ("deltas", "text"),
    [
        (((50.0, 50.0, 50.0),), "50"),
        (((50.0, 50.0), (50.0, 50.0)), "50"),
        (((50.0, 50.0, 60.0, 50.0, 40.0),), "50 50 60 50 40"),
        (((50.0, 60.0), (0.0, 50.0)), "50 60 / 0 50"),
        (((math.nan, 60.0),), "– 60"),
        (((math.nan,), (math.nan,)), "–"),
    ],
)
def test_a_delta_is_written_once_or_for_each_fold(deltas, text):
    shown = sweep(choices=[choice("train", deltas)])
    assert cells_of(shown)[1][0][2] == text
    noted = any("those of the folds in their order" in line for line in notes(shown, manifest()))
    assert noted == (" " in text)


def test_what_is_undefined_is_a_dash_and_explained():
    shown = sweep(choices=[choice("val", ((math.nan,),), UNDEFINED)])
    assert cells_of(shown)[1] == [["`ra-cam`", "validation", "–", "–", "validation"]]
    assert any("no defective image to choose on" in line for line in notes(shown, manifest()))
    alone = sweep(choices=[choice(test=Estimate(0.25, math.nan, math.nan, 2, 1, 0))])
    assert cells_of(alone)[1][0][3] == "25.00"


def on_terminal(shown, **options):
    console = Console(width=100, legacy_windows=False, **options)
    with console.capture() as captured:
        console.print(terminal(shown))
    return captured.get().splitlines()


def test_what_masks_of_test_chose_is_grey_on_a_terminal():
    shown = sweep(choices=[choice(), choice("train"), choice("test")])
    colours = {"force_terminal": True, "color_system": "standard", "no_color": False}
    _, default, training, oracle = on_terminal(shown, **colours)
    assert GREY in oracle
    assert GREY not in default + training
    assert any("never a result" in line for line in notes(shown, manifest()))
    assert not any("never a result" in line for line in notes(sweep(choices=[choice()]), manifest()))


def test_the_table_of_five_folds_fits_100_columns():
    folds = ((50.0, 12.5, 60.0, 50.0, 40.0),) * 3
    family = "grad-cam-elementwise/stages=gmean+fgbp"
    text = on_terminal(sweep(choices=[choice("train", folds, family=family)]))
    assert max(map(len, text)) <= 100
    assert family in "\n".join(text)
    assert "…" not in "\n".join(text)


def test_the_first_note_is_the_protocol():
    first = notes(sweep(policy="fixed:0.5"), manifest(folds=5, target="predicted", weights="body.pth:0123"))[0]
    for part in (
        "In percent. synthetic at 128x128, 5 folds by item, 1 seed(s)", "vgg-small (fc head, relu, weights body.pth)",
        "target predicted", "scored at the input's size", "threshold fixed:0.5", "pooled over the defective",
        "BCa bootstrap over items",
    ):  # fmt: skip
        assert part in first
    assert first in markdown(sweep(policy="fixed:0.5"), manifest(folds=5, target="predicted", weights="body.pth:0123"))


def test_failures_absent_families_and_unread_images_are_noted():
    failing = [
        Curve("ra-cam", split, {0.0: estimate(), 50.0: estimate(failed=worst), 90.0: estimate(failed=1)})
        for split, worst in (("train", 5), ("test", 0))
    ]
    lines = notes(sweep([*failing, curve("lt-grad-cam")], absent={"lt-full-grad": "no biases"}, unread=2), manifest())
    worst = "up to 5 of 8 in train (δ 50), 1 of 8 in test (δ 90)"
    assert lines[1:] == [
        "lt-full-grad has no answer here: no biases.",
        f"ra-cam: failed or constant, and counted as empty predictions: {worst}.",
        "Images that could not be read, and are not scored: 2.",
    ]
