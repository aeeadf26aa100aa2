"""What is asked for, and the classifiers that it needs."""

import pytest
import torch

from bench.classifiers.networks import NetworkConfig
from bench.classifiers.recipe import default_recipe
from bench.errors import BenchError
from bench.runs import experiment as module
from bench.runs.experiment import find
from datasets import DatasetError, fingerprint, split_fingerprint
from datasets.catalogue.folder import fake_folder
from tests.helpers.tiny_set import TINY, register_tiny, tiny_settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Return a settings on the tiny set, with changes."""
    register_tiny(monkeypatch)
    return lambda **changes: tiny_settings(tmp_path, **changes)


def no_progress(plan):
    return lambda *_: None


def test_the_images_are_found_and_named(settings):
    found = find(settings())
    assert len(found.samples) == 40
    assert found.fingerprint == fingerprint(found.samples)
    assert found.copy.name == TINY


def test_the_size_is_the_datasets_unless_another_is_asked_for(settings):
    assert find(settings()).size == (48, 64)
    assert find(settings(size=(32, 40))).size == (32, 40)


def test_every_fold_and_seed_has_a_classifier_of_its_own(settings):
    found = list(find(settings(folds=3, seeds=2)).assignments())
    assert [(one.plan.fold, one.plan.seed) for one in found] == [(f, s) for f in range(3) for s in range(2)]
    assert len({one.path for one in found}) == 6
    assert {one.path.parent for one in found} == {settings().checkpoints}
    assert all(one.path.name == one.plan.file_name for one in found)


def test_seeds_of_a_fold_share_its_split(settings):
    found = list(find(settings(folds=3, seeds=2)).assignments())
    splits = [one.plan.split_fingerprint for one in found]
    assert splits[0::2] == splits[1::2]
    assert len(set(splits)) == 3
    for one in found:
        assert one.plan.split_fingerprint == split_fingerprint(one.data.table)
        assert set(one.data.table["split"]) == {"train", "val", "test"}


def test_an_unknown_image_is_refused_with_near_ones(settings):
    found = find(settings())
    known = found.samples["id"].iloc[3]
    found.check_image(known)
    with pytest.raises(BenchError, match=f"no image '{known}x'; did you mean .*{known}"):
        found.check_image(f"{known}x")
    with pytest.raises(BenchError) as raised:
        found.check_image("???")
    assert len(str(raised.value)) < 400


def test_the_plan_holds_what_was_asked_for(settings, tmp_path):
    (tmp_path / "body.pth").write_bytes(b"one")
    asked = settings(head="gap", recipe="epochs=3,batch=7", weights=str(tmp_path / "body.pth"), size="32x40")
    (one,) = find(asked).assignments()
    assert one.plan.network == NetworkConfig(head="gap", classes=2)
    assert one.plan.recipe == default_recipe(NetworkConfig()).model_copy(update={"epochs": 3, "batch": 7})
    assert one.plan.weights.startswith("body.pth:")
    assert (one.plan.size, one.data.size) == ((32, 40), (32, 40))
    assert one.plan.classes == one.data.classes == ("good", "defect")
    assert (one.plan.dataset, one.plan.fold, one.plan.folds, one.plan.seed) == (TINY, 0, 0, 0)


def test_a_classifier_is_trained_once_and_then_loaded(settings, monkeypatch):
    found = find(settings())
    (one,) = found.assignments()
    trained = found.classifier(one, no_progress)
    assert one.path.is_file()
    assert trained.card.plan == one.plan

    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr(module, "train", never)
    loaded = found.classifier(one, no_progress)
    assert loaded.fingerprint == trained.fingerprint
    images = torch.zeros(1, 1, 48, 64)
    assert torch.equal(loaded.network(images), trained.network(images))


def test_own_images_are_called_after_their_folder_and_keep_their_classifier_when_it_is_renamed(tmp_path):
    fake_folder(tmp_path / "castings")
    asked = {"dataset": "folder", "size": "32x32"}
    (one,) = find(tiny_settings(tmp_path, data_root=tmp_path / "castings", **asked)).assignments()
    assert one.plan.title == "castings"
    assert one.path.name.startswith("castings-vgg-small-fc-32x32-")
    one.path.parent.mkdir(exist_ok=True)
    one.path.touch()
    (tmp_path / "castings").rename(tmp_path / "parts")
    (other,) = find(tiny_settings(tmp_path, data_root=tmp_path / "parts", **asked)).assignments()
    assert other.plan.file_name.startswith("parts-")
    assert other.path == one.path


def test_each_seed_is_trained_with_its_own(settings, monkeypatch):
    seeds = []

    def record(*_, seed, **__):
        seeds.append(seed)
        raise BenchError("enough")

    monkeypatch.setattr(module, "train", record)
    found = find(settings(seeds=3))
    for one in found.assignments():
        with pytest.raises(BenchError, match="enough"):
            found.classifier(one, no_progress)
        assert not one.path.exists()
    assert seeds == [0, 1, 2]


def test_less_than_one_seed_is_refused(settings):
    with pytest.raises(BenchError, match="seeds 0: "):
        settings(seeds=0)


def test_an_unknown_dataset_is_refused(settings):
    with pytest.raises(DatasetError, match="did you mean"):
        find(settings(dataset="tiny-syntetic"))


def test_a_dataset_that_is_not_there_is_refused(settings, tmp_path):
    with pytest.raises(DatasetError, match="ksdd is not at"):
        find(settings(dataset="ksdd", data_root=tmp_path / "nowhere"))


def test_weights_that_are_not_there_are_refused_before_anything_is_trained(settings, tmp_path):
    found = find(settings(weights=str(tmp_path / "gone.pth")))
    with pytest.raises(BenchError, match="there are no weights at"):
        list(found.assignments())
