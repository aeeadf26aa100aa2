"""Checkpoints: what is saved is loaded, and nothing else is taken for it."""

import json
import math
import re

import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.classifiers.checkpoint import TrainingPlan, load, save
from bench.classifiers.networks import NetworkConfig, build
from bench.classifiers.recipe import Recipe
from bench.classifiers.tensors import fill
from bench.errors import BenchError
from tests.helpers.cards import CARD, PLAN

OTHERS = {
    "network": NetworkConfig(activation="leaky_relu"),
    "weights": "imagenet",
    "size": (48, 64),
    "classes": ("good", "dent"),
    "dataset": "ksdd",
    "dataset_fingerprint": "0124",
    "split_fingerprint": "4568",
    "fold": 2,
    "folds": 4,
    "seed": 3,
    "recipe": Recipe(momentum=0.8),
}


@pytest.fixture
def path(tmp_path):
    """A checkpoint."""
    path = tmp_path / "cache" / PLAN.file_name
    save(build(PLAN.network, seed=4), CARD, path)
    return path


def change_card(path, **changes):
    card = path.with_suffix(".json")
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))


def test_tensors_and_card_are_read_back_bit_for_bit(path):
    network, read = build(PLAN.network, seed=4), load(path)
    expected, found = network.state_dict(), read.network.state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[key], expected[key]) for key in expected)
    assert read.card == CARD
    assert not read.network.training


def test_a_network_in_channels_last_is_read_back(tmp_path):
    network = build(PLAN.network).to(memory_format=torch.channels_last)
    save(network, CARD, tmp_path / "one.safetensors")
    read = load(tmp_path / "one.safetensors").network
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), read.parameters(), strict=True))


def test_only_a_checkpoint_and_its_card_are_left(path):
    names = sorted(file.name for file in path.parent.iterdir())
    assert names == sorted([path.name, path.with_suffix(".json").name])


def test_the_fingerprint_is_that_of_the_tensors(path, tmp_path):
    save(build(PLAN.network, seed=4), CARD, tmp_path / "same.safetensors")
    save(build(PLAN.network, seed=5), CARD, tmp_path / "other.safetensors")
    fingerprint = load(path).fingerprint
    assert len(fingerprint) == 16
    assert load(tmp_path / "same.safetensors").fingerprint == fingerprint
    assert load(tmp_path / "other.safetensors").fingerprint != fingerprint


def test_it_prepares_images_as_its_network_takes_them(path):
    assert load(path).prepare(torch.full((1, 1, 2, 2), 255, dtype=torch.uint8)).unique().tolist() == [2]


def test_the_name_is_readable():
    assert PLAN.file_name.startswith("synthetic-vgg-small-fc-64x48-fold1of5-seed2-")
    assert PLAN.file_name.endswith(".safetensors")
    assert "fold" not in PLAN.model_copy(update={"fold": 0, "folds": 0}).file_name


def test_equal_plans_have_one_name():
    assert TrainingPlan.model_validate_json(PLAN.model_dump_json()).file_name == PLAN.file_name


def test_a_title_is_in_the_name_and_no_part_of_the_plan():
    other = PLAN.model_copy(update={"title": "my castings"})
    assert other.digest == PLAN.digest
    assert other.file_name.startswith("my-castings-vgg-small-fc-64x48-fold1of5-seed2-")


@pytest.mark.parametrize("field", sorted({*TrainingPlan.model_fields} - {"title"}))
def test_a_plan_that_differs_in_any_field_has_another_name(field):
    other = PLAN.model_copy(update={field: OTHERS[field]})
    assert other.file_name != PLAN.file_name


@pytest.mark.parametrize("field", Recipe.model_fields)
def test_a_recipe_that_differs_in_any_field_has_another_name(field):
    changed = {"schedule": "cosine", "precision": "bfloat16"}.get(field, 0.5 if field == "brightness" else 1)
    recipe = PLAN.recipe.model_copy(update={field: changed})
    assert PLAN.model_copy(update={"recipe": recipe}).file_name != PLAN.file_name


def test_a_checkpoint_without_a_card_is_refused(path):
    path.with_suffix(".json").unlink()
    with pytest.raises(BenchError, match=r"has no card .*\.json beside it; python -m bench train writes both"):
        load(path)


def test_a_card_without_a_checkpoint_is_refused(path):
    path.unlink()
    with pytest.raises(BenchError, match="there are no weights at"):
        load(path)


def test_an_unknown_field_on_the_card_is_refused(path):
    change_card(path, mood="good")
    with pytest.raises(BenchError, match=r"(?s)is not a card of a checkpoint.*mood"):
        load(path)


def test_a_missing_field_on_the_card_is_refused(path):
    plan = json.loads(PLAN.model_dump_json())
    del plan["seed"]
    change_card(path, plan=plan)
    with pytest.raises(BenchError, match=r"(?s)is not a card of a checkpoint.*plan\.seed"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00 not a text"])
def test_a_damaged_card_is_refused(path, content):
    path.with_suffix(".json").write_bytes(content)
    with pytest.raises(BenchError, match="is not a card of a checkpoint"):
        load(path)


@pytest.mark.parametrize("size", [0, 6, 4000])
def test_damaged_tensors_are_refused(path, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(BenchError, match=r"\.safetensors cannot be read as weights"):
        load(path)


def test_tensors_of_another_network_are_refused(path):
    change_card(path, plan=json.loads(PLAN.model_copy(update={"network": NetworkConfig(head="gap")}).model_dump_json()))
    with pytest.raises(BenchError, match="does not fit the network"):
        load(path)


def test_a_missing_tensor_is_refused(path):
    tensors = load_file(path)
    del tensors["classifier.bias"]
    save_file(tensors, path)
    with pytest.raises(BenchError, match=r"(?s)does not fit the network.*classifier\.bias"):
        load(path)


def test_a_save_that_is_cut_off_leaves_no_checkpoint(tmp_path, monkeypatch):
    def full_disk(_, path):
        path.write_bytes(b"half of the tensors")
        raise OSError

    monkeypatch.setattr("bench.classifiers.checkpoint.save_file", full_disk)
    with pytest.raises(OSError, match=r"^$"):
        save(build(PLAN.network), CARD, tmp_path / "one.safetensors")
    assert not (tmp_path / "one.safetensors").exists()


@pytest.mark.parametrize("name", ["timm:resnet10t", "mine.networks:make", "vgg 16"])
def test_the_name_of_a_checkpoint_is_valid_on_every_system(name):
    plan = PLAN.model_copy(update={"network": NetworkConfig.model_construct(name=name), "dataset": "mvtec:wood/a b"})
    assert re.fullmatch(r"[A-Za-z0-9_.+-]+", plan.file_name)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    network = build(NetworkConfig())
    with torch.no_grad():
        next(network.parameters()).fill_(math.nan)
    torch.save(network.state_dict(), tmp_path / "diverged.pt")
    with pytest.raises(BenchError, match=r"values that are not finite, in features.0.weight: its training diverged"):
        fill(network, tmp_path / "diverged.pt")
