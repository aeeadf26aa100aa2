"""The factorial set through the real entry point: the table of every method, then what their parts are worth."""

import contextlib
import io
import json
import sys

import pytest
from PIL import Image

from bench.__main__ import main

QUICK = ("--size", "64x64", "--recipe", "epochs=1", "--device", "cpu")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture
def run(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    monkeypatch.delenv("CAM_BENCH_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(workplace / "cache"))

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["bench", "run", *QUICK, "--out", "run", *arguments])
        with contextlib.redirect_stdout(io.StringIO()) as told, pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return told.getvalue()

    return call


def test_a_factorial_is_measured_and_its_effects_are_told_and_kept(run, workplace):
    found = json.loads(run("--methods", "factorial", "--json"))
    single = {row["method"]: row["iou"] for row in found["rows"]}
    assert len(single) == 36
    rows = {(row["factor"], row["level"]): row for row in found["effects"]}
    assert list(rows) == [
        ("rule", "plain"), ("rule", "+lt"), ("rule", "+fgbp"), ("rule", "+fgbp+lt"),
        ("layers", "last"), ("layers", "stages"),
        ("weighting", "grad-cam"), ("weighting", "layer-cam"), ("weighting", "hires-cam"),
        ("fuse", "sum"), ("fuse", "minmax"),
    ]  # fmt: skip
    names = {"grad-cam", "hires-cam", "layer-cam/last"}
    last = [iou for method, iou in single.items() if method.split("+")[0] in names]
    assert len(last) == 12
    assert rows["layers", "last"]["iou"] == pytest.approx(sum(last) / 12)
    minmax = [iou for method, iou in single.items() if "=minmax" in method]
    assert rows["fuse", "minmax"]["iou"] == pytest.approx(sum(minmax) / 12)
    for row in rows.values():
        if row["difference"] is not None:
            assert row["interval"][0] <= row["difference"] <= row["interval"][1]
    assert "| Rule | `plain` |" in (workplace / "run" / "effects.md").read_text()
    with Image.open(workplace / "run" / "effects.png") as picture:
        assert picture.width > 500


def test_the_terminal_shows_the_effects_behind_the_table_just_where_there_are_some(run, workplace):
    text = run("--methods", "grad-cam,hires-cam,grad-cam+lt,hires-cam+lt")
    assert text.index("Micro-F1") < text.index("Difference [95 %]") < text.index("Done in")
    assert max(map(len, text.splitlines()[:-1])) <= 100
    assert "full product of 4 methods" in text
    assert (workplace / "run" / "effects.md").is_file()
    assert "effects" not in json.loads(run("--methods", "grad-cam,ra-cam", "--json"))
    assert not list((workplace / "run").glob("effects.*"))
