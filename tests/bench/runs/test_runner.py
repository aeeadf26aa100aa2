"""What stands in the cells that are computed."""

import pytest
import torch

from bench.runs.run import execute
from methods import evidence_method
from reports.methods_table import notes
from reports.summary import summarise
from results.metrics.thresholds import ThresholdPolicy
from results.store.run_store import RunStore
from tests.helpers.tiny_set import register_tiny, tiny_request


@pytest.fixture
def tiny(monkeypatch):
    register_tiny(monkeypatch)


def test_a_note_stands_in_the_cell_and_under_the_table(tiny, tmp_path):
    @evidence_method("noting", paper="none")
    def noting(view):
        view.note(0, "not exact here", 0.03)
        return view.activation(view.layers[-1]).mean(1)

    @evidence_method("flat", paper="none")
    def flat(view):
        view.note(0, "not exact here", 0.05)
        return torch.ones_like(view.input[:, 0])

    execute(tiny_request(tmp_path, "noting,flat,lift-cam,relevance-cam"))
    frame = RunStore(tmp_path / "run").cells().frame
    own = {spec: frame[frame["spec"] == spec] for spec in ("noting", "flat", "lift-cam", "relevance-cam")}
    said = own["noting"][own["noting"]["reason"] != ""]
    assert set(said["reason"]) == {"not exact here, off by 3 %"}
    assert set(said["deviation"]) == {0.03}
    assert frame["deviation"].count() == len(said)
    assert set(said["status"]) == {"ok"}
    assert 0 < len(said) < len(own["noting"])
    assert set(own["flat"]["reason"]) == {""}
    assert set(own["lift-cam"]["reason"]) == set(own["relevance-cam"]["reason"]) == {""}
    lines = notes(summarise(tmp_path / "run", ThresholdPolicy("otsu")))
    (line,) = [line for line in lines if "off by" in line]
    images = f"{len(said)} of {len(own['noting'])} images{', at worst' if len(said) > 1 else ''}"
    assert line == f"noting, {images}: not exact here, off by 3 %."
