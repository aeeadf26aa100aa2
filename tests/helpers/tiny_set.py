"""A dataset of 40 small images, a classifier that is quickly trained, and a request to run methods on it."""

from dataclasses import replace
from pathlib import Path

import torch

from bench.classifiers.networks import NetworkConfig
from bench.classifiers.recipe import Recipe
from bench.network.targets import Target
from bench.runs.experiment import ExperimentSettings, find
from bench.runs.run import Request
from bench.runs.runner import Evaluation
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
    settings = ExperimentSettings(
        dataset=TINY,
        data_root=folder / "data",
        group_by="",
        one_kind=False,
        size=None,
        folds=0,
        seeds=1,
        network=NetworkConfig(),
        weights="none",
        checkpoint=None,
        recipe=Recipe(epochs=1, batch=8, body_rate=0.02, head_rate=0.02),
        cache=folder / "cache",
        device=torch.device("cpu"),
    )
    return replace(settings, **changes)


def tiny_request(folder: Path, methods="grad-cam,layer-cam,ra-cam", splits=("test",), **changes):
    evaluation = Evaluation(tuple(select(methods)), Target(), splits)
    return Request(find(tiny_settings(folder, **changes)), evaluation, (), folder / "run", folder / "runs")
