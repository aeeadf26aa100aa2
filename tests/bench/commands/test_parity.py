"""`python -m bench parity`, and methods of other libraries in `run`, through their real entry points."""

import json
import re
from pathlib import Path

import pytest

from bench.studies import library_parity
from methods.adapters import counterparts
from methods.adapters import pytorch_grad_cam as pgc_file
from methods.adapters.counterparts import Counterpart
from results.store.published import published
from results.store.run_store import RunStore
from tests.helpers.command_line import call
from tests.helpers.tiny_set import TINY, register_tiny

PLACES = ("--dataset", TINY, "--data-root", "data", "--checkpoints", "cache")
QUICK = ("--recipe", "epochs=1", "--device", "cpu")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    return tmp_path_factory.mktemp("workplace")


@pytest.fixture
def bench(workplace, monkeypatch):
    """Call a command on the tiny set in this process; return its exit code, output and messages."""
    register_tiny(monkeypatch)
    monkeypatch.chdir(workplace)
    return lambda command, *arguments: call(command, *PLACES, *QUICK, *arguments, code=None)


def row(text, own, other):
    name = re.escape(own[:15]) + (r"[^\s:]*" if len(own) > 15 else "")  # a long one goes on in the next line
    (found,) = [line for line in text.splitlines() if re.match(rf" *{name} +{re.escape(other)} ", line)]
    return found.split()[2:]


def test_parity_compares_every_pair_and_says_where_definitions_depart(bench, monkeypatch):
    shown = [one for one in counterparts.COUNTERPARTS if one.own != "sess:grad-cam"]
    monkeypatch.setattr(library_parity, "COUNTERPARTS", shown)
    code, text, _ = bench("parity", "--images", 2)
    assert code == 0
    for pair in shown:
        difference, rank, own_ms, other_ms, ratio, definitions = row(text, pair.own, pair.other)
        assert definitions == ("apart" if pair.departure else "alike")
        if not pair.departure:
            assert float(difference) < 1e-3
            assert float(rank) > 0.999
        assert float(own_ms) > 0
        assert float(ratio) == pytest.approx(float(other_ms) / float(own_ms), rel=0.1, abs=0.1)
    flat = " ".join(text.split())
    assert "layer-cam: pgc:LayerCAM scales each layer to [0, 1] before they are joined." in flat
    assert f"{TINY} at 48x64, 2 test image(s); vgg-small (fc head); target 1." in flat


def test_a_pair_that_fails_has_its_reason_and_the_others_go_on(bench, monkeypatch):
    pairs = (Counterpart("grad-cam", "pgc:ShapleyCAM/stages"), Counterpart("grad-cam", "pgc:GradCAM"))
    monkeypatch.setattr(library_parity, "COUNTERPARTS", pairs)
    code, text, _ = bench("parity", "--images", 1)
    assert code == 0
    assert "failed: MethodError: the library fails here" in " ".join(text.split())
    assert row(text, "grad-cam", "pgc:GradCAM")[-1] == "alike"
    code, text, _ = bench("parity", "--images", 1, "--json")
    failed, compared = json.loads(text)["pairs"]
    assert failed["reason"].startswith("MethodError: the library fails here")
    assert (failed["own"], failed["other"], failed["difference"]) == ("grad-cam", "pgc:ShapleyCAM/stages", None)
    assert compared["reason"] is None
    assert compared["correlation"] > 0.999


def test_maps_that_are_compared_are_those_of_the_images_and_the_worst_counts(bench, monkeypatch):
    seen = []

    def spied(first, second):
        seen.append((first, second))
        return float(len(seen))

    monkeypatch.setattr(library_parity, "rank_correlation", spied)
    monkeypatch.setattr(library_parity, "COUNTERPARTS", (Counterpart("grad-cam", "captum:LayerGradCam"),))
    _, text, _ = bench("parity", "--images", 3)
    assert [one.shape for one, _ in seen] == [(48, 64)] * 3
    assert len({float(one.sum()) for one, _ in seen}) == 3
    assert row(text, "grad-cam", "captum:LayerGradCam")[1] == "1.000"


def test_run_records_why_a_library_has_no_map(bench, monkeypatch):
    monkeypatch.setattr(pgc_file, "LARGEST_SQUARE", 1)
    methods = "pgc:EigenCAM,pgc:GradCAM,captum:Saliency,captum:LayerGradCam/stages=max,grad-cam"
    code, text, messages = bench("run", "--methods", methods, "--out", "run", "--json")
    assert code == 0, messages
    rows = {one["method"]: one for one in json.loads(text)["rows"]}
    assert list(rows) == methods.split(",")
    assert rows["pgc:EigenCAM"]["failed"] == rows["pgc:EigenCAM"]["images"] > 0
    assert not any(one["failed"] for name, one in rows.items() if name != "pgc:EigenCAM")
    assert rows["pgc:GradCAM"]["iou"] == pytest.approx(rows["grad-cam"]["iou"], abs=0.02)
    frame = RunStore(Path("run")).cells().frame
    reasons = frame[frame["spec"] == "pgc:EigenCAM"]["reason"].unique()
    assert len(reasons) == 1
    assert "would make a matrix of" in reasons[0]


def test_a_backend_stands_in_and_keeps_what_is_published(bench, monkeypatch):
    monkeypatch.setattr("reports.summary.published", lambda _dataset: published("ksdd"))
    code, text, messages = bench(
        "run", "--methods", "grad-cam,layer-cam,ra-cam", "--backend", "pytorch-grad-cam", "--json"
    )
    assert code == 0, messages
    rows = {one["method"]: one for one in json.loads(text)["rows"]}
    assert list(rows) == ["pgc:GradCAM", "pgc:LayerCAM", "ra-cam@50"]
    assert {name: one["published_iou"] for name, one in rows.items()} == {
        "pgc:GradCAM": 17.5, "pgc:LayerCAM": 16.25, "ra-cam@50": 25.2,
    }  # fmt: skip


def test_an_unknown_backend_is_named(bench):
    code, _, messages = bench("run", "--backend", "keras")
    assert code == 2
    assert "keras" in messages
