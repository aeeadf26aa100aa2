"""A dataset of 40 small images, a classifier that is quickly trained, and a request to run methods on it."""

from pathlib import Path

from bench.network.targets import Target
from bench.runs.experiment import find
from bench.runs.request import Request
from bench.runs.runner import Evaluation
from bench.runs.settings import ExperimentSettings
from datasets.catalogue.synthetic import generate
from datasets.registry import DATASETS, Dataset
from methods import select

TINY = "tiny-synthetic"


def _samples(root):
    return generate(root, size=(48, 64), items=10)


def register_tiny(monkeypatch):
    entry = Dataset(TINY, _samples, (48, 64), "MIT", "none", "none", generated=True)
    monkeypatch.setitem(DATASETS, TINY, entry)


def tiny_settings(folder: Path, **changes):
    known = {
        "dataset": TINY,
        "data_root": folder / "data",
        "recipe": {"epochs": 1, "batch": 8, "body_rate": 0.02, "head_rate": 0.02, "patience": 4},
        "checkpoints": folder / "cache",
        "device": "cpu",
    }
    return ExperimentSettings.read(known | changes)


def tiny_request(folder: Path, methods="grad-cam,layer-cam,ra-cam", splits=("test",), **changes):
    evaluation = Evaluation(tuple(select(methods)), Target(), splits)
    return Request(find(tiny_settings(folder, **changes)), evaluation, out=folder / "run", runs=folder / "runs")
