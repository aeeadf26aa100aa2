"""Runs: what is kept, what is done again, what is recorded of failures."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bench.classifiers.checkpoint import load
from bench.classifiers.networks import NetworkConfig, build
from bench.errors import BenchError
from bench.network.targets import parse_target
from bench.runs.run import execute
from datasets import DatasetError, assign
from datasets.catalogue.synthetic import generate
from datasets.reader import mask_values
from datasets.registry import DATASETS
from datasets.table import GOOD
from methods import gradient_method
from methods.registry import METHODS
from results.errors import ResultError
from results.metrics.scoring import equal_rows, score_rows
from results.metrics.thresholds import ThresholdPolicy
from results.store.cells import IDENTITY
from results.store.run_store import RunStore
from results.store.upgrades import SCHEMA_VERSION
from tests.helpers.tiny_set import TINY, register_tiny, tiny_request


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    register_tiny(monkeypatch)
    before = dict(METHODS)
    yield
    METHODS.clear()
    METHODS.update(before)


def test_a_run_holds_one_cell_for_every_image_and_method(tmp_path):
    folder = execute(tiny_request(tmp_path))
    cells = RunStore(folder).cells()
    assert len(cells.frame) == 8 * 3
    assert set(cells.frame["spec"]) == {"grad-cam", "layer-cam", "ra-cam@50"}
    assert (cells.defect + cells.other).sum(1).tolist() == [48 * 64] * 24


def test_what_the_classifier_sees_stands_beside_the_label(tmp_path):
    request = tiny_request(tmp_path)
    frame = RunStore(execute(request)).cells().frame
    (assignment,) = request.experiment.assignments()
    confusion = load(assignment.path, torch.device("cpu")).card.metrics["test"].confusion
    rows = frame[frame["spec"] == "grad-cam"]
    found = pd.crosstab(rows["label"], rows["predicted"]).reindex(
        index=["good", "defect"], columns=["good", "defect"], fill_value=0
    )
    assert found.to_numpy().tolist() == confusion


def test_a_defective_image_without_a_mask_has_a_status_and_no_pixels(tmp_path):
    whole = RunStore(execute(tiny_request(tmp_path / "whole"))).cells()
    request = tiny_request(tmp_path / "lacking")
    tested = whole.frame["image"][whole.frame["label"] == "defect"].unique()
    samples = request.experiment.samples
    samples.loc[samples["id"].isin([tested[0], *samples["id"][samples["label"] == "defect"][-3:]]), "mask_path"] = ""
    cells = RunStore(execute(request)).cells()
    lacking = cells.frame["image"] == tested[0]
    assert cells.frame["unmasked"].equals(lacking)
    assert not (cells.defect + cells.other)[lacking].any()
    assert cells.frame.drop(columns="unmasked").equals(whole.frame.drop(columns="unmasked"))
    assert (cells.defect[~lacking] == whole.defect[~lacking]).all()


def test_an_image_that_cannot_be_read_is_not_one_without_a_mask(tmp_path):
    request = tiny_request(tmp_path)
    samples = assign(request.experiment.samples)
    row = samples[(samples["split"] == "test") & (samples["label"] == "defect")].iloc[0]
    request.experiment.samples.loc[request.experiment.samples["id"] == row["id"], "mask_path"] = ""
    Path(row["image_path"]).write_bytes(b"")
    request.experiment.check_image(row["id"])
    with pytest.raises(DatasetError, match="the file is empty"):
        execute(request)
    Path(row["image_path"]).write_bytes(b"no image")
    frame = RunStore(execute(request)).cells().frame
    assert not frame["unmasked"].any()
    assert set(frame["status"][frame["image"] == row["id"]]) == {"failed"}


def test_a_run_may_be_of_the_defective_images_alone(tmp_path):
    request = tiny_request(tmp_path)
    request = replace(request, evaluation=replace(request.evaluation, only_defective=True, splits=("train", "test")))
    frame = RunStore(execute(request)).cells().frame
    table = next(request.experiment.assignments()).data.table
    wanted = table[(table["label"] != GOOD) & table["split"].isin(["train", "test"])]
    assert set(frame["image"]) == set(wanted["id"])
    assert set(frame["split"]) == {"train", "test"}


def test_the_manifest_says_what_the_run_is(tmp_path):
    folder = execute(tiny_request(tmp_path))
    manifest = json.loads((folder / "manifest.json").read_text())
    (classifier,) = manifest["classifiers"].values()
    assert manifest["schema_version"] == SCHEMA_VERSION
    assert {"dataset_fingerprint", "code", "versions", "commit", "dirty", "device", "recipe"} <= manifest.keys()
    assert {"fingerprint", "split_fingerprint", "test"} <= classifier.keys()


def test_pixels_on_the_defect_are_those_of_the_masks(tmp_path):
    request = tiny_request(tmp_path)
    cells = RunStore(execute(request)).cells()
    samples = request.experiment.samples.set_index("id")
    for image, defect in zip(cells.frame["image"], cells.defect.sum(1), strict=True):
        assert (defect > 0) == (samples.loc[image, "label"] == "defect")


def test_folds_and_seeds_are_held_in_one_run(tmp_path):
    folder = execute(tiny_request(tmp_path, "layer-cam", folds=2, seeds=2))
    cells = RunStore(folder).cells()
    assert cells.frame.groupby(["fold", "seed"]).size().tolist() == [20] * 4
    (row,) = score_rows(cells, ThresholdPolicy("otsu"))
    assert row.spread is not None


def test_methods_that_are_added_later_leave_the_others_as_they_are(tmp_path):
    folder = execute(tiny_request(tmp_path, "grad-cam"))
    (first,) = (folder / "cells").iterdir()
    written = first.stat().st_mtime_ns
    execute(tiny_request(tmp_path, "grad-cam,layer-cam"))
    assert first.stat().st_mtime_ns == written
    assert RunStore(folder).cells().frame.groupby("spec").size().to_dict() == {"grad-cam": 8, "layer-cam": 8}


def test_validation_images_are_added_to_a_run_when_they_are_needed(tmp_path):
    folder = execute(tiny_request(tmp_path, "grad-cam"))
    execute(tiny_request(tmp_path, "grad-cam", splits=("test", "val")))
    assert RunStore(folder).cells().frame.groupby("split").size().to_dict() == {"test": 8, "val": 8}


def test_another_setting_in_the_same_folder_is_refused(tmp_path):
    execute(tiny_request(tmp_path, "grad-cam"))
    with pytest.raises(ResultError, match="folds"):
        execute(tiny_request(tmp_path, "grad-cam", folds=2))


def test_a_method_that_raises_is_recorded_and_tried_again(tmp_path):
    broken = True

    @gradient_method("fragile", paper="none")
    def fragile(activation, gradient):
        if broken:
            raise ZeroDivisionError("a planted fault")
        return (gradient * activation).sum(1).relu()

    folder = execute(tiny_request(tmp_path, "fragile,grad-cam"))
    cells = RunStore(folder).cells()
    failed = cells.where(cells.frame["spec"] == "fragile")
    assert set(failed.frame["status"]) == {"failed"}
    assert "a planted fault" in failed.frame["reason"].iloc[0]
    assert (failed.defect.sum(1) + failed.other.sum(1)).tolist() == [48 * 64] * 8
    broken = False
    execute(tiny_request(tmp_path, "fragile,grad-cam"))
    assert "failed" not in set(RunStore(folder).cells().frame["status"])


def test_a_map_that_is_not_finite_is_an_empty_prediction(tmp_path):
    @gradient_method("not-a-number", paper="none")
    def not_a_number(activation, gradient):
        return (gradient * activation).sum(1) * torch.nan

    cells = RunStore(execute(tiny_request(tmp_path, "not-a-number"))).cells()
    assert set(cells.frame["status"]) == {"not finite"}
    (row,) = score_rows(cells, ThresholdPolicy("otsu"))
    assert (row.mean["iou"], row.failed) == (0, 8)


def test_an_image_that_cannot_be_read_is_recorded_and_the_run_goes_on(tmp_path):
    request = tiny_request(tmp_path, "grad-cam")
    (assignment,) = request.experiment.assignments()
    request.experiment.classifier(assignment, lambda _: lambda *_: None)
    table = assignment.data.table
    victim = table[table["split"] == "test"].iloc[0]
    path = Path(victim["image_path"])
    path.write_bytes(path.read_bytes()[:100])
    cells = RunStore(execute(request)).cells()
    (reason,) = cells.frame["reason"][cells.frame["image"] == victim["id"]]
    assert victim["image_path"] in reason
    (row,) = score_rows(cells, ThresholdPolicy("otsu"))
    assert (row.images, row.unread) == (7, 1)


def test_equal_methods_are_found_behind_pooling_and_one_linear_layer(tmp_path):
    methods = "cam,grad-cam,hires-cam,xgrad-cam,layer-cam,random,ra-cam"
    # With one of these two seeds every map of the last layer is flat, and flat maps tell nothing.
    request = tiny_request(tmp_path, methods, head="gap", seeds=2)
    cells = RunStore(execute(request)).cells()
    assert (cells.frame["status"][cells.frame["spec"] == "grad-cam"] == "ok").any()
    assert equal_rows(cells) == [("cam", "grad-cam", "hires-cam", "xgrad-cam")]


def test_shares_of_layers_are_kept_and_add_up_to_one(tmp_path):
    cells = RunStore(execute(tiny_request(tmp_path, "layer-cam,grad-cam"))).cells()
    layered = cells.frame[(cells.frame["spec"] == "layer-cam") & (cells.frame["status"] == "ok")]
    assert layered["layer_names"].map(len).eq(5).all()
    assert np.allclose(np.stack(layered["shares"].tolist()).sum(1), 1)


def test_pictures_are_added_to_a_finished_run_without_another_result(tmp_path):
    folder = execute(tiny_request(tmp_path, "grad-cam,layer-cam"))
    before = RunStore(folder).cells()
    shutil.rmtree(folder / "gallery")
    (image,) = before.frame["image"][:1]
    execute(replace(tiny_request(tmp_path, "grad-cam,layer-cam"), pictures=(image,)))
    (kept,) = (folder / "gallery").iterdir()
    assert {path.stem for path in kept.iterdir()} >= {"image", "mask", "layer-cam"}
    after = RunStore(folder).cells()
    assert after.frame[IDENTITY].equals(before.frame[IDENTITY])
    assert np.array_equal(after.defect, before.defect)


def test_with_folds_a_picture_is_of_the_classifier_that_tests_it(tmp_path):
    folder = execute(tiny_request(tmp_path, "layer-cam", ("test", "val"), folds=3))
    cells = RunStore(folder).cells()
    for image in (folder / "gallery").iterdir():
        levels = np.asarray(Image.open(image / "layer-cam.png"))
        own = (cells.frame["image"] == unquote(image.name)) & (cells.frame["split"] == "test")
        (number,) = np.flatnonzero(own)
        assert np.array_equal(np.bincount(levels.ravel(), minlength=256), (cells.defect + cells.other)[number])


def test_the_gallery_keeps_levels_masks_and_images(tmp_path):
    folder = execute(tiny_request(tmp_path, "grad-cam,ra-cam"))
    images = list((folder / "gallery").iterdir())
    assert len(images) == 4
    names = {"image.png", "mask.png", "grad-cam.png", "ra-cam%4050.png"}
    assert all({path.name for path in image.iterdir()} == names for image in images)


def test_maps_are_scored_at_the_size_of_the_image_where_that_is_asked_for(tmp_path):
    @gradient_method("broken", paper="none")
    def broken(activation, gradient):
        raise ZeroDivisionError

    request = tiny_request(tmp_path, "grad-cam,every-pixel,broken", size=(32, 32))
    request = replace(request, evaluation=replace(request.evaluation, evaluate_at="original"))
    cells = RunStore(execute(request)).cells()
    assert (cells.defect + cells.other).sum(1).tolist() == [48 * 64] * 24
    samples = request.experiment.samples.set_index("id")
    for image, defect in zip(cells.frame["image"], cells.defect.sum(1), strict=True):
        path = samples.loc[image, "mask_path"]
        assert defect == (mask_values(path).sum() if path else 0)


def test_several_kinds_of_defect_are_several_classes(tmp_path, monkeypatch):
    def by_kind(root):
        table = generate(root, size=(48, 64), items=30)
        kinds = table["id"].str.extract(r"-(pit|stain)$")[0]
        keep = kinds.notna() | (table["label"] == GOOD)
        return table.assign(label=kinds.fillna(GOOD))[keep].reset_index(drop=True)

    monkeypatch.setitem(DATASETS, TINY, replace(DATASETS[TINY], samples=by_kind))
    for target in ("predicted", "label", "label-margin"):
        request = tiny_request(tmp_path / target, "grad-cam,ra-cam")
        request = replace(request, evaluation=replace(request.evaluation, target=parse_target(target)))
        assert request.experiment.classes == ("good", "pit", "stain")
        cells = RunStore(execute(request)).cells()
        assert set(cells.frame["label"]) == {"good", "pit", "stain"}
        assert "failed" not in set(cells.frame["status"])


OWN = """
from torch import nn

def build(classes):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes),
    )
"""


@pytest.fixture
def own_network(tmp_path, monkeypatch):
    (tmp_path / "workshop.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "workshop:build"


def test_a_users_own_network_is_trained_like_any_other(tmp_path, own_network):
    cells = RunStore(execute(tiny_request(tmp_path, "cam,ra-cam", network=own_network))).cells()
    assert {"ok", "constant"} >= set(cells.frame["status"])


def test_a_checkpoint_of_a_network_that_was_trained_elsewhere_is_taken_as_it_is(tmp_path, own_network):
    tensors = build(NetworkConfig(name=own_network), seed=5).state_dict()
    torch.save(tensors, tmp_path / "theirs.pth")
    request = tiny_request(tmp_path, "layer-cam", network=own_network, checkpoint=tmp_path / "theirs.pth")
    folder = execute(request)
    (assignment,) = request.experiment.assignments()
    found = load(assignment.path)
    assert all(torch.equal(found.network.state_dict()[key], tensor) for key, tensor in tensors.items())
    assert json.loads((folder / "manifest.json").read_text())["weights"].startswith("checkpoint:theirs.pth:")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "workshop:built"}, "workshop:built cannot be called"),
        ({"checkpoint": Path("theirs.pth"), "folds": 2}, "leave folds and seeds out"),
        ({"checkpoint": Path("nowhere.pth")}, "there are no weights at nowhere.pth"),
    ],
)
def test_what_does_not_go_with_an_own_network_is_said(tmp_path, own_network, changes, words):
    with pytest.raises(BenchError, match=words):
        execute(tiny_request(tmp_path, "layer-cam", **changes))
