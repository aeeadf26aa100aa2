"""The table of a sweep."""

import math

import pytest

from reports.sweep_table import markdown, notes, terminal
from results.studies.sweeps import NO_ESTIMATE, Curve, Estimate
from tests.helpers.small_runs import manifest
from tests.helpers.sweeps import choice, curve, estimate, sweep
from tests.helpers.terminal import COLOURS, text_of

GREY = "\x1b[90m"


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
    shown = sweep(choices=[choice("val", ((math.nan,),), NO_ESTIMATE)])
    assert cells_of(shown)[1] == [["`ra-cam`", "validation", "–", "–", "validation"]]
    assert any("no defective image to choose δ on" in line for line in notes(shown, manifest()))
    alone = sweep(choices=[choice(test=Estimate(0.25, math.nan, math.nan, 2, 1, 0))])
    assert cells_of(alone)[1][0][3] == "25.00"


def test_what_masks_of_test_chose_is_grey_on_a_terminal():
    shown = sweep(choices=[choice(), choice("train"), choice("test")])
    _, default, training, oracle = text_of(terminal(shown), **COLOURS).splitlines()
    assert GREY in oracle
    assert GREY not in default + training
    assert any("never a result" in line for line in notes(shown, manifest()))
    assert not any("never a result" in line for line in notes(sweep(choices=[choice()]), manifest()))


def test_the_table_of_five_folds_fits_100_columns():
    folds = ((50.0, 12.5, 60.0, 50.0, 40.0),) * 3
    family = "grad-cam-elementwise/stages=gmean+fgbp"
    text = text_of(terminal(sweep(choices=[choice("train", folds, family=family)])))
    assert max(map(len, text.splitlines())) <= 100
    assert family in text
    assert "…" not in text


def test_the_first_note_is_the_protocol():
    first = notes(sweep(policy="fixed:0.5"), manifest(folds=5, target="predicted", weights="body.pth:0123"))[0]
    for part in (
        "In percent. synthetic at 128x128, 5 folds by item, 1 seed; ", "vgg-small (fc head, relu, weights body.pth)",
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
    worst = "up to 5 of 8 train images (at δ 50), 1 of 8 test images (at δ 90)"
    assert lines[1:] == [
        "lt-full-grad is not applicable: no biases.",
        f"ra-cam: no usable heatmap for {worst}; these count as empty predictions.",
        "Images that could not be read and are not scored: 2.",
    ]
