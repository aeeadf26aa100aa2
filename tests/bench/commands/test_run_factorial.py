"""The factorial set: the table of every method, then what their parts are worth."""

import json

import pytest
from PIL import Image

from bench.runs.run import execute
from reports.effects_table import as_rows, effects_of
from reports.summary import summarise
from results.metrics.thresholds import ThresholdPolicy
from tests.helpers.command_line import call, working_in
from tests.helpers.tiny_set import TINY, register_tiny, tiny_request

QUICK = ("--dataset", TINY, "--recipe", "epochs=1,batch=8", "--device", "cpu", "--gallery", "2", "--out", "run")


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    register_tiny(monkeypatch)
    with working_in(tmp_path):
        yield tmp_path


def run(*arguments):
    return call("run", *QUICK, *arguments).stdout


def test_every_method_of_the_set_is_measured_and_every_part_has_its_effect(workplace):
    request, policy = tiny_request(workplace, "factorial"), ThresholdPolicy("otsu")
    folder, specs = execute(request), [str(spec) for spec in request.evaluation.specs]
    single = {row.spec: row.mean["iou"] for row in summarise(folder, policy, specs).rows}
    assert len(single) == 36
    rows = {(row["factor"], row["level"]): row for row in as_rows(effects_of(folder, policy, specs))}
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


def test_the_terminal_shows_the_effects_behind_the_table_just_where_there_are_some(workplace):
    text = run("--methods", "grad-cam,hires-cam,grad-cam+lt,hires-cam+lt")
    assert text.index("Micro-F1") < text.index("Difference [95 %]") < text.index("Done in")
    assert max(map(len, text.splitlines()[:-1])) <= 100
    assert "full factorial design of 4 methods" in text
    assert "| Rule | `plain` |" in (workplace / "run" / "effects.md").read_text()
    with Image.open(workplace / "run" / "effects.png") as picture:
        assert picture.width > 400
    assert "effects" not in json.loads(run("--methods", "grad-cam,ra-cam", "--json"))
    assert not list((workplace / "run").glob("effects.*"))
