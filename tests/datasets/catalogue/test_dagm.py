"""DAGM 2007: all classes at once, or one of them."""

import shutil
from collections import Counter

import numpy as np
import pytest

from datasets import DatasetError, get_dataset
from datasets.catalogue.dagm import fake_dagm
from datasets.fake_files import SQUARE, save


@pytest.fixture
def tree(tmp_path):
    fake_dagm(tmp_path)
    return tmp_path


def test_all_classes_have_labels_of_their_own(tree):
    table = get_dataset("dagm").samples(tree)
    assert Counter(table["label"]) == {"good": 20, "Class1": 3, "Class3": 3}
    assert Counter(table["split"]) == {"train": 16, "test": 10}
    assert (table["group"] == table["id"]).all()


def test_one_class_has_the_ids_that_it_has_among_all(tree):
    one, both = (get_dataset(name).samples(tree) for name in ("dagm:Class3", "dagm"))
    among = both[both["id"].str.startswith("Class3/")].reset_index(drop=True)
    assert (one["id"] == among["id"]).all()
    assert ((one["label"] == "defect") == (among["label"] == "Class3")).all()
    assert Counter(one["label"]) == {"good": 10, "defect": 3}


def test_an_image_with_an_empty_mask_is_good(tree):
    assert (tree / "Class1" / "Train" / "Label" / "0003_label.PNG").is_file()
    row = get_dataset("dagm").samples(tree).set_index("id").loc["Class1/Train/0003"]
    assert (row["label"], row["mask_path"]) == ("good", "")


def test_a_mask_without_an_image_is_refused(tree):
    mask = tree / "Class3" / "Test" / "Label" / "0004_label.PNG"
    mask.rename(mask.with_name("0004_lable.PNG"))
    save(mask.with_name("0005_label.PNG"), np.full(SQUARE, 255, np.uint8))
    with pytest.raises(DatasetError, match=r"0004_lable\.PNG is the mask of no image"):
        get_dataset("dagm").samples(tree)


@pytest.mark.parametrize("lost", ["Class3/Train/Label", "Class1/Test"])
def test_a_class_without_test_images_or_masks_is_refused(tree, lost):
    shutil.rmtree(tree / lost)
    with pytest.raises(DatasetError, match=r"should hold 0001\.PNG, \.\.\. and masks"):
        get_dataset("dagm").samples(tree)


@pytest.mark.parametrize("part", ["Class2", "Class3 backup"])
def test_an_unknown_class_is_told_those_found(tree, part):
    with pytest.raises(DatasetError, match=f"has no '{part}'; it holds Class1, Class3"):
        get_dataset(f"dagm:{part}").samples(tree)


def test_another_folder_is_told_the_layout(tmp_path):
    with pytest.raises(DatasetError, match=r"is not DAGM 2007: it should hold Class1/Train/0001\.PNG"):
        get_dataset("dagm").samples(tmp_path)
