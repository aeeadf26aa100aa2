"""Baselines: copied without pictures, with classifiers that are small and their own, and found by name."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from results.errors import ResultError
from results.store import baselines
from results.store.baselines import add, all_baselines, baseline_classifier, find_run, remove
from results.store.run_store import RunStore
from tests.helpers.compared_runs import CLASSIFIER, cells_of, hits, run


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def made(tmp_path):
    (tmp_path / "run" / "gallery").mkdir(parents=True)
    return run(tmp_path / "run", cells_of("grad-cam", hits(3)), cells_of("grad-cam", hits(4, seed=1)))


def test_a_kept_run_has_the_same_cells_in_one_part_and_no_pictures(made, tmp_path):
    folder = add(made, "first", tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["cells", "manifest.json"]
    assert len(list((folder / "cells").iterdir())) == 1
    before, after = made.cells(), find_run("first").cells()
    pd.testing.assert_frame_equal(before.frame, after.frame)
    assert np.array_equal(before.defect, after.defect)
    assert np.array_equal(before.other, after.other)
    assert RunStore(folder).manifest() == made.manifest()


def cache(folder, content):
    """Put a checkpoint and its card in a cache; return what a manifest says of it."""
    folder.mkdir()
    (folder / "one.safetensors").write_bytes(content)
    (folder / "one.json").write_text("{}")
    return {"one.safetensors": CLASSIFIER | {"fingerprint": hashlib.sha256(content).hexdigest()[:16]}}


def test_a_small_classifier_is_kept_and_found_by_its_name(tmp_path):
    known = cache(tmp_path / "cache", b"tensors")
    add(run(tmp_path / "run", cells_of("x", [5]), classifiers=known), "mine", tmp_path / "cache")
    assert baseline_classifier("one.safetensors").read_bytes() == b"tensors"
    assert baseline_classifier("one.safetensors").with_suffix(".json").is_file()
    assert baseline_classifier("two.safetensors") is None


@pytest.mark.parametrize("spoil", ["large", "other"])
def test_a_large_or_another_classifier_is_not_kept(tmp_path, monkeypatch, spoil):
    known = cache(tmp_path / "cache", b"tensors")
    if spoil == "large":
        monkeypatch.setattr(baselines, "SMALL", 6)
    else:
        (tmp_path / "cache" / "one.safetensors").write_bytes(b"retrained")
    add(run(tmp_path / "run", cells_of("x", [5]), classifiers=known), "mine", tmp_path / "cache")
    assert baseline_classifier("one.safetensors") is None


def test_a_run_takes_the_place_of_another_with_the_classifier_that_was_kept_with_it(tmp_path):
    known = cache(tmp_path / "cache", b"tensors")
    add(run(tmp_path / "old", cells_of("x", [5]), classifiers=known), "mine", tmp_path / "cache")
    (tmp_path / "cache" / "one.safetensors").write_bytes(b"retrained")
    add(run(tmp_path / "new", cells_of("y", [6]), classifiers=known), "mine", tmp_path / "cache", replace=True)
    assert set(find_run("mine").cells().frame["spec"]) == {"y"}
    assert baseline_classifier("one.safetensors").read_bytes() == b"tensors"


def test_names_are_taken_once_and_stay_within_the_folder(made, tmp_path):
    add(made, "first", tmp_path)
    with pytest.raises(ResultError, match="there is a baseline first already"):
        add(made, "first", tmp_path)
    for name in ("../elsewhere", "", "a/b"):
        with pytest.raises(ResultError, match="cannot be the name"):
            add(made, name, tmp_path)


def test_a_run_that_cannot_be_copied_leaves_no_kept_run(tmp_path):
    empty = run(tmp_path / "run")
    with pytest.raises(ResultError, match="holds no results yet"):
        add(empty, "mine", tmp_path)
    assert "mine" not in all_baselines()


def test_a_copy_that_was_cut_off_is_no_kept_run_and_is_made_again(made, tmp_path):
    made.copy(baselines.HERE / "first.part")
    assert "first.part" not in all_baselines()
    assert add(made, "first", tmp_path).is_dir()
    assert not (baselines.HERE / "first.part").exists()


def test_a_kept_run_is_removed_by_its_name(made, tmp_path):
    folder = add(made, "first", tmp_path)
    assert remove("first").resolve() == folder.resolve()
    assert "first" not in all_baselines()
    for name in ("first", "..", "../run"):
        with pytest.raises(ResultError, match="there is no baseline"):
            remove(name)
    assert made.cells().frame.shape[0] == 4


def test_those_of_the_suite_are_found_from_anywhere_and_hidden_by_ones_own(made, tmp_path):
    assert {"synthetic", "ksdd-fc"} <= all_baselines().keys()
    add(made, "synthetic", tmp_path)
    assert find_run("synthetic").cells().frame.shape[0] == 4
    assert find_run(str(tmp_path / "run")).folder == tmp_path / "run"
    with pytest.raises(ResultError, match="nowhere is neither"):
        find_run("nowhere")


def test_the_built_in_set_has_its_classifier_in_less_than_a_megabyte():
    (name,) = find_run("synthetic").manifest().classifiers
    path = baseline_classifier(name)
    assert path.stat().st_size < 1_000_000
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    assert digest == find_run("synthetic").manifest().classifiers[name].fingerprint
