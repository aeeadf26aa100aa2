"""Tables of baselines."""

import pytest

from reports.baselines_table import history, origin, overview
from results.errors import ResultError
from tests.helpers.compared_runs import cells_of, four_methods, run


def rows(table):
    return list(zip(*([cell.plain for cell in column.cells] for column in table.columns), strict=True))


def test_history_is_the_oldest_first_with_versions(tmp_path):
    run(tmp_path / "new", four_methods(), started="2026-05-01T00:00:00+00:00", dirty=True)
    run(tmp_path / "old", four_methods(10), started="2026-04-01T00:00:00+00:00")
    run(tmp_path / "none", cells_of("a", [5] * 3))
    runs = {name: tmp_path / name for name in ("new", "old", "none")}
    first, second = rows(history(runs, "b"))
    assert (first[0], first[1], second[1]) == ("2026-04-01", "old", "new")
    assert first[2:3] == ("synthetic, vgg-small fc",)
    assert second[-3:] == ("0.1.0", "2.15.0", "0123456*")
    assert first[-4] == "9"
    with pytest.raises(ResultError, match="no baseline has d; the baselines are new, old, none"):
        history(runs, "d")


def test_baselines_are_listed_with_their_size(tmp_path):
    store = run(tmp_path / "one", four_methods(), folds=2, seeds=3)
    (line,) = rows(overview({"one": tmp_path / "one"}))
    assert line[:6] == ("one", "synthetic 128x128", "vgg-small fc", "2", "3", "4")
    assert float(line[-1]) >= 0
    assert "Made 2026-01-02 on cpu at 0123456: python 3.11.7" in origin(store.manifest())
