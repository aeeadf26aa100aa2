"""A user's own folder: kinds, masks by their place, official splits, and what is refused."""

import shutil
from collections import Counter

import pytest
from PIL import Image

from datasets import DatasetError, classes_of, get_dataset, unmasked
from datasets.catalogue.folder import fake_folder, fake_folder_with_splits
from datasets.fake_files import write_empty_mask, write_good

FOLDER = get_dataset("folder")


@pytest.fixture
def tree(tmp_path):
    fake_folder(tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture
def split_tree(tmp_path):
    fake_folder_with_splits(tmp_path / "split")
    return tmp_path / "split"


def refused(root, message):
    with pytest.raises(DatasetError, match=message):
        FOLDER.samples(root)


def test_the_first_sub_folder_of_defect_is_the_kind(tree):
    labels = FOLDER.samples(tree).set_index("id")["label"]
    assert labels["defect/000.v1"] == "defect"
    assert labels["defect/scratch/002"] == "scratch"
    assert labels["defect/scratch/deep/003"] == "scratch"
    assert labels["good/monday/001"] == "good"


def test_a_mask_lies_where_its_image_does(tree):
    table = FOLDER.samples(tree).set_index("id")
    assert table.loc["defect/scratch/deep/003", "mask_path"] == str(tree / "masks/scratch/deep/003.BMP")
    assert table.loc["defect/000.v1", "mask_path"] == str(tree / "masks/000.v1.png")


def test_each_image_is_an_item_and_files_of_other_kinds_are_ignored(tree):
    table = FOLDER.samples(tree)
    assert (table["group"] == table["id"]).all()
    assert Counter(table["label"]) == {"good": 8, "defect": 3, "scratch": 4}
    assert set(table["split"]) == {""}


def test_folders_called_train_val_and_test_are_the_official_split(split_tree):
    table = FOLDER.samples(split_tree)
    assert Counter(table["label"]) == {"good": 10, "dent": 6}
    assert Counter(table["split"]) == {"train": 9, "val": 3, "test": 4}


def test_a_mask_that_is_missing_is_not_known(tree):
    (tree / "masks/scratch/deep/003.BMP").rename(tree / "masks/scratch/003.BMP")
    table = FOLDER.samples(tree)
    assert table["id"][unmasked(table)].tolist() == ["defect/scratch/deep/003"]


def test_masks_of_another_split_are_not_taken(split_tree):
    shutil.rmtree(split_tree / "test" / "masks")
    table = FOLDER.samples(split_tree)
    assert table["id"][unmasked(table)].tolist() == ["test/defect/dent/000", "test/defect/dent/001"]


def test_an_empty_mask_is_refused(tree):
    write_empty_mask(tree / "masks" / "001.v1.png")
    refused(tree, r"the mask .*001\.v1\.png is empty: mark the defect, or move .*defect.001\.v1\.png to .*good")


def test_two_masks_of_one_image_are_refused(tree):
    shutil.copy(tree / "masks/001.v1.png", tree / "masks/001.v1.bmp")
    refused(tree, "are masks of the same image: keep one")


def test_two_images_of_one_name_are_refused(tree):
    shutil.copy(tree / "good/003.JPEG", tree / "good/003.png")
    refused(tree, "these repeat: good/003")


def test_a_kind_called_good_is_refused(tree):
    (tree / "defect/scratch").rename(tree / "defect/good")
    refused(tree, r"defect.good.000\.TIFF is in defect/, but its kind is called good")


def test_a_set_without_defects_is_refused(tree):
    shutil.rmtree(tree / "defect")
    refused(tree, "shows no defect: it should hold defective images too")


def test_a_set_without_good_images_has_its_kinds_as_classes(tree):
    shutil.rmtree(tree / "good")
    assert classes_of(FOLDER.samples(tree)) == ("defect", "scratch")


def test_images_outside_the_layout_are_not_mixed_in(split_tree):
    write_good(split_tree / "good" / "extra.png")
    refused(split_tree, "images both in train, val, test and in good: it should hold train/ and test/")


@pytest.mark.parametrize("lost", ["train", "test"])
def test_a_split_needs_training_and_test(split_tree, lost):
    shutil.rmtree(split_tree / lost)
    (split_tree / lost).mkdir()
    refused(split_tree, "needs images in both train/ and test/")


def test_a_validation_folder_is_optional(split_tree):
    shutil.rmtree(split_tree / "val")
    assert set(FOLDER.samples(split_tree)["split"]) == {"train", "test"}


@pytest.mark.parametrize("suffix", ["gif", "PGM", "tiff", "Jp2", "ico"])
def test_every_format_that_is_read_counts_as_an_image(tree, suffix):
    kind = {"Jp2": "JPEG2000", "PGM": "PPM"}.get(suffix, suffix.upper())
    Image.new("L", (16, 16), 90).save(tree / "good" / f"other.{suffix}", format=kind)
    assert "good/other" in set(FOLDER.samples(tree)["id"])
