"""A copy of a dataset is read the same way by whoever reads it."""

import shutil

import numpy as np
import pytest

from datasets import DatasetError, classes_of, find_copy, fingerprint, get_dataset, mask_values
from datasets.catalogue.folder import fake_boards, fake_folder, fake_pavement
from datasets.catalogue.ksdd import fake_ksdd
from datasets.fake_files import save


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.copies.cache_folder", lambda: tmp_path / "cache")


def test_own_images_are_called_after_their_folder_and_others_after_their_dataset(tmp_path):
    fake_folder(tmp_path / "castings.2024")
    fake_ksdd(tmp_path / "kolektor")
    assert find_copy("folder", tmp_path / "castings.2024").name == "castings.2024"
    assert find_copy("ksdd", tmp_path / "kolektor").name == "ksdd"


def test_a_folder_that_is_named_by_where_one_stands_has_a_name_too(tmp_path, monkeypatch):
    fake_folder(tmp_path / "castings")
    monkeypatch.chdir(tmp_path / "castings")
    assert find_copy("folder", tmp_path / "castings" / "good" / "..").name == "castings"


def test_groups_and_kinds_are_those_of_its_user(tmp_path):
    fake_boards(tmp_path)
    table = find_copy("folder", tmp_path, group_by="_([0-9]+)$|good/([0-9])", one_kind=True)
    with pytest.raises(DatasetError, match="finds no item in 6 of 16"):
        table.samples()
    table = find_copy("folder", tmp_path, group_by="([0-9]+)$", one_kind=True).samples()
    assert classes_of(table) == ("good", "defect")
    assert table["group"].nunique() == 6


def test_near_duplicate_items_are_one(tmp_path):
    fake_pavement(tmp_path)
    shutil.copy(tmp_path / "images/000.jpg", tmp_path / "images/100.jpg")
    groups = find_copy("folder", tmp_path).samples().set_index("id")["group"]
    assert groups["images/000"] == groups["images/100"] == "images/000+images/100"
    assert groups.nunique() == 12


def test_an_image_that_cannot_be_read_is_like_no_other(tmp_path):
    fake_pavement(tmp_path)
    for name in ("000", "002"):
        (tmp_path / "images" / f"{name}.jpg").write_bytes(b"no image")
    assert find_copy("folder", tmp_path).samples()["group"].nunique() == 12


def test_the_items_of_a_generated_set_are_not_compared(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.copies.join_near_duplicates", None)
    assert len(find_copy("synthetic", tmp_path).samples())


def test_a_coding_of_masks_reaches_labels_masks_and_fingerprint(tmp_path):
    """Background 1, defects 2."""
    fake_pavement(tmp_path / "set")
    for path in (tmp_path / "set" / "masks").iterdir():
        save(path, 1 + mask_values(str(path)).astype(np.uint8))
    plain, coded = find_copy("folder", tmp_path / "set"), find_copy("folder", tmp_path / "set", mask_above=1)
    assert (plain.samples()["label"] == "defect").sum() == 9
    table = coded.samples()
    assert (table["label"] == "defect").sum() == 6
    assert all(mask_values(path).sum() == 64 for path in table["mask_path"] if path)
    assert fingerprint(table) != fingerprint(plain.samples())
    assert fingerprint(table) == fingerprint(coded.samples())


def test_a_set_whose_loader_looks_into_no_mask_has_its_masks_recoded_too(tmp_path):
    fake_ksdd(tmp_path / "set")
    table = find_copy("ksdd", tmp_path / "set", mask_above=255).samples()
    assert not any(mask_values(path).any() for path in table["mask_path"] if path)
    assert get_dataset("ksdd").samples(tmp_path / "set")["label"].equals(table["label"])
