"""Comparisons of runs: tables, what is said over all settings, and the two pictures."""

import numpy as np
import pytest
from PIL import Image

from reports.baselines_table import history, origin, overview
from reports.comparison import Compared, as_json, markdown, over_all
from reports.rank_figures import _alike, draw_critical_difference, draw_ranks
from results.errors import ResultError
from results.metrics.thresholds import parse_policy
from results.statistics.ranking import against, agreements, compared_settings
from tests.helpers.compared_runs import cells_of, run


def listed(shift=0, **fields):
    levels = {"a": 30, "b": 45 + shift, "c": 60, "random": 5}
    return [one for name, level in levels.items() for one in cells_of(name, [level + k for k in range(9)], **fields)]


@pytest.fixture
def found(tmp_path):
    runs = [run(tmp_path / "one", listed(), listed(20, fold=1), folds=2),
            run(tmp_path / "two", listed(30), dataset="elsewhere")]  # fmt: skip
    return compared_settings(runs, parse_policy("fixed:0.5"))


def compared(found, *, all_pairs=False):
    rows = tuple(tuple(against(one, "b", all_pairs=all_pairs)) for one in found)
    return Compared(tuple(found), rows, tuple(agreements(found)), all_pairs)


def test_every_setting_has_a_table_and_wins_are_counted_over_them(found):
    text = markdown(compared(found))
    assert text.count("| Method | b | IoU |") == 2
    assert "## synthetic, vgg-small fc" in text
    assert "of 2, in which a method is better, equal, undecided, worse: a 0 0 0 2, c 1 0 0 1, random 0 0 0 2." in text
    assert "Does the ranking hold over folds of synthetic, vgg-small fc? Kendall's W = " in text
    assert "Does the ranking hold over datasets of vgg-small fc? Kendall's W = " in text


def test_of_all_pairs_both_names_stand_in_a_row(found):
    text = markdown(compared(found, all_pairs=True))
    assert "| Method | Other | IoU |" in text
    assert "| `a : c` |" in text
    assert "a : random 2 0 0 0" in text


def test_runs_without_a_method_of_chance_are_told_to_add_one(tmp_path):
    runs = [run(tmp_path / "one", [one for one in listed() if one.spec != "random"])]
    text = markdown(compared(compared_settings(runs, parse_policy("fixed:0.5"))))
    assert "No method of chance is in these runs: add --methods random,centre,every-pixel" in text


def test_a_program_gets_rows_and_agreement(found):
    told = as_json(compared(found))
    assert [len(one["rows"]) for one in told["settings"]] == [3, 3]
    assert {one["over"] for one in told["agreement"]} == {"folds", "datasets"}
    assert len(over_all(compared(found))) == 3


def test_the_pictures_are_drawn(found, tmp_path):
    for draw in (draw_critical_difference, draw_ranks):
        draw(found, "b", tmp_path / "picture.png")
        pixels = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB"))
        assert pixels.shape[1] > 500
        # The reference has a colour of its own.
        assert (np.abs(pixels.astype(int) - [0xD5, 0x5E, 0x00]).sum(-1) < 30).any()


def test_methods_that_are_alike_are_joined_by_the_longest_lines():
    ranks = np.array([1.0, 2.0, 2.5, 4.0, 6.0])
    assert _alike(ranks, 1.6) == [(1.0, 2.5), (2.5, 4.0)]
    assert _alike(ranks, 2.2) == [(1.0, 2.5), (2.0, 4.0), (4.0, 6.0)]
    assert _alike(ranks, 0.4) == []


def rows(table):
    return list(zip(*(column.cells for column in table.columns), strict=True))


def test_history_is_the_oldest_first_with_versions(tmp_path):
    run(tmp_path / "new", listed(), started="2026-05-01T00:00:00+00:00", dirty=True)
    run(tmp_path / "old", listed(10), started="2026-04-01T00:00:00+00:00")
    run(tmp_path / "none", cells_of("a", [5] * 3))
    runs = {name: tmp_path / name for name in ("new", "old", "none")}
    first, second = rows(history(runs, "b"))
    assert (first[0], first[1], second[1]) == ("2026-04-01", "old", "new")
    assert first[2:3] == ("synthetic, vgg-small fc",)
    assert second[-3:] == ("0.1.0", "2.15.0", "0123456*")
    assert first[-4] == "9"
    with pytest.raises(ResultError, match="no baseline has d; kept are new, old, none"):
        history(runs, "d")


def test_kept_runs_are_listed_with_their_size(tmp_path):
    store = run(tmp_path / "one", listed(), folds=2, seeds=3)
    (line,) = rows(overview({"one": tmp_path / "one"}))
    assert line[:6] == ("one", "synthetic 128x128", "vgg-small fc", "2", "3", "4")
    assert float(line[-1]) >= 0
    assert "Made 2026-01-02 on cpu at 0123456: python 3.11.7" in origin(store.manifest())
