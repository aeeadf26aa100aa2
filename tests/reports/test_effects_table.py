"""The table of main effects."""

from dataclasses import replace

from reports.effects_table import as_rows, effects_of, markdown, notes, terminal
from results.metrics.thresholds import parse_policy
from results.statistics import bootstrap
from tests.helpers.main_effects import FOUND, LONG
from tests.helpers.small_runs import cell, store
from tests.helpers.terminal import COLOURS, text_of

HALF = parse_policy("fixed:0.5")


def test_the_table_has_a_row_a_level_in_percent_with_the_factor_named_once():
    lines = [[part.strip() for part in line.strip("|").split("|")] for line in markdown(FOUND).splitlines()[:10]]
    assert lines[0] == ["Factor", "Level", "Mean IoU", "Difference [95 %]"]
    assert lines[2:6] == [
        ["Rule", "`plain`", "20.00", ""],
        ["", "`+lt`", "25.00", "**+5.00 [+1.23, +7.89]**"],
        ["Layers", "`last`", "12.50", ""],
        ["", "`stages`", "32.50", "+20.00 [-1.00, +31.00]"],
    ]
    assert lines[-1] == ["", "`minmax`", "32.50", "+0.00 [+0.00, +0.00]"]


def test_what_excludes_nothing_is_bold_on_both_sides_of_it():
    bold = [line.split("|")[2].strip() for line in markdown(FOUND).splitlines() if "**" in line]
    assert bold == ["`+lt`", f"`{LONG}`"]
    text = text_of(terminal(FOUND), **COLOURS)
    assert [line.split("\x1b[1m")[1].split()[0] for line in text.splitlines()[1:] if "\x1b[1m" in line] == [
        "+5.00",
        "-2.50",
    ]


def test_what_was_chosen_on_test_masks_is_never_bold():
    oracle = replace(FOUND, policy=parse_policy("oracle"))
    assert "**" not in markdown(oracle)
    assert "Threshold oracle." in notes(oracle)[0]


def test_the_terminal_shows_all_of_it_in_100_columns():
    lines = text_of(terminal(FOUND)).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) == 1 + len(FOUND.rows)
    assert "Difference [95 %]" in lines[0]
    assert any(line.split() == [LONG, "20.00", "-2.50", "[-3.00,", "-0.01]"] for line in lines)


def test_the_notes_say_what_is_averaged_and_over_what_is_resampled():
    protocol, fusing, unit, interaction = notes(FOUND)
    # Two rules, two weightings and three places: the last layer, and the stages fused in two ways.
    assert "12 methods at δ = 50" in protocol
    assert "mean over all combinations of the other factors" in protocol
    assert "Threshold otsu." in protocol
    assert "among methods of several layers only" in fusing
    assert "12 physical items" in unit
    assert f"difference of +lt to plain is 5.25 percentage points lower with {LONG} than with grad-cam" in interaction
    assert all(line in markdown(FOUND) for line in notes(FOUND))


def test_an_interaction_upwards_is_called_higher():
    up = replace(FOUND, interaction=replace(FOUND.interaction, value=0.0525))
    assert "is 5.25 percentage points higher with" in notes(up)[-1]


def test_notes_leave_out_what_is_not_there():
    rows = tuple(replace(row, interval=None) for row in FOUND.rows if row.factor != "fuse")
    bare = replace(FOUND, delta=None, items=1, interaction=None, rows=rows)
    protocol, unit = notes(bare)
    assert "δ" not in protocol
    assert unit == "No intervals: all defects are on one physical item."
    assert "| -2.50 |" in markdown(bare)
    several = replace(FOUND, combinations=tuple(one for one in FOUND.combinations if one.fused))
    assert not any("one layer" in line for line in notes(several))


def test_a_program_gets_fractions_and_none():
    rows = as_rows(FOUND)
    assert rows[0] == {"factor": "rule", "level": "plain", "iou": 0.2, "difference": None, "interval": None}
    assert rows[1]["interval"] == [0.0123, 0.0789]
    assert len(rows) == len(FOUND.rows)


def test_a_run_is_read_for_the_methods_that_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "RESAMPLES", 50)
    found = [
        cell(image, f"{name}{rule}", defect={255: 5, 0: 5}, name=name, layers="stages",
             rules=[{"rule": "lt", "delta": 30.0}] if rule else [])
        for image in ("a/0", "b/0") for name in ("grad-cam", "layer-cam") for rule in ("", "+lt@30")
    ]  # fmt: skip
    store(tmp_path, found)
    specs = [one.spec for one in found[:4]]
    assert effects_of(tmp_path, HALF, specs).delta == 30
    assert effects_of(tmp_path, HALF, specs[:3]) is None
