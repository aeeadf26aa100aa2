"""Manifests: what makes a run what it is."""

import pytest
from pydantic import ValidationError

from results.store.manifest import IDENTITY, Manifest
from tests.helpers.small_runs import classifier, manifest

OTHERS = {
    "dataset": "ksdd", "dataset_fingerprint": "d1", "size": (64, 128), "folds": 5, "seeds": 2,
    "network": {"name": "vgg-small", "head": "gap", "activation": "relu", "classes": 2}, "weights": "imagenet",
    "recipe": {"epochs": 2}, "target": "label", "evaluate_at": "original", "images": ("a/0",),
    "classifiers": {"one": classifier()}, "code": "c1",
}  # fmt: skip


@pytest.mark.parametrize("field", IDENTITY)
def test_a_run_that_differs_in_its_identity_has_another_name(field):
    one, other = manifest(), manifest(**{field: OTHERS[field]})
    assert one.differing(other) == other.differing(one) == [field]
    assert one.name != other.name


@pytest.mark.parametrize("field", sorted(set(Manifest.model_fields) - {*IDENTITY, "title"}))
def test_what_a_run_was_made_with_is_no_part_of_its_identity(field):
    changed = {"plugins": ("a.py",), "versions": {}, "dirty": True, "schema_version": 2}.get(field, "other")
    one, other = manifest(), manifest(**{field: changed})
    assert one != other
    assert one.differing(other) == []
    assert one.name == other.name


def test_what_images_are_called_is_in_the_name_of_a_run_and_no_part_of_its_identity():
    old = manifest(dataset="folder", classifiers={"folder-vgg-1a2b3c4d": classifier()})
    new = manifest(dataset="folder", title="my castings", classifiers={"my-castings-vgg-1a2b3c4d": classifier()})
    assert (old.called, new.called) == ("folder", "my castings")
    assert new.name.startswith("my-castings-vgg-small-fc-")
    assert old.differing(new) == new.differing(old) == []
    other = manifest(dataset="folder", classifiers={"folder-vgg-00000000": classifier()})
    assert old.differing(other) == ["classifiers"]


def test_the_name_of_a_run_is_readable_and_stays():
    assert manifest(dataset="mvtec:bottle", size=(256, 192)).name == "mvtec-bottle-vgg-small-fc-256x192-1148c3f9"


def test_a_manifest_is_frozen_and_knows_its_fields():
    with pytest.raises(ValidationError):
        manifest().seeds = 3
    with pytest.raises(ValidationError, match="mood"):
        manifest(mood="good")
