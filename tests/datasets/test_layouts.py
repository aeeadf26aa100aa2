"""Each layout is read as what it is, and another folder is told what it holds and what is nearest."""

import shutil
from collections import Counter

import pytest

from datasets import DatasetError, assign, classes_of, get_dataset, unmasked
from datasets.catalogue.folder import (
    fake_boards,
    fake_category,
    fake_folder,
    fake_pairs_by_name,
    fake_pavement,
    fake_tiles,
)
from datasets.fake_files import write_defective, write_empty_mask, write_good
from datasets.layouts import LAYOUTS, images_and_masks, kinds, mvtec_category, nearest, side_by_side
from tests.helpers.own_sets import write_labels_only, write_steel

FOLDER = get_dataset("folder")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "mine"


def samples(root):
    return FOLDER.samples(root)


def labels(root):
    return Counter(samples(root)["label"])


@pytest.mark.parametrize(
    ("write", "own"),
    [
        (fake_folder, kinds),
        (write_labels_only, kinds),
        (fake_category, mvtec_category),
        (fake_pavement, images_and_masks),
        (fake_boards, images_and_masks),
        (write_steel, images_and_masks),
        (fake_tiles, side_by_side),
        (fake_pairs_by_name, side_by_side),
    ],
)
def test_each_tree_has_one_layout(root, write, own):
    write(root)
    assert next(one for one in LAYOUTS if one.read(root) is not None) is own


def test_half_of_each_kind_of_a_category_is_for_training_wherever_the_category_lies(root):
    fake_category(root)
    table = samples(root)
    assert Counter(zip(table["split"], table["label"], strict=True)) == {
        ("train", "good"): 6,
        ("test", "good"): 3,
        ("train", "cut"): 3,
        ("test", "cut"): 3,
        ("train", "fold"): 2,
        ("test", "fold"): 2,
    }
    assert not unmasked(table).any()
    shutil.move(root, root.with_name("other"))
    assert samples(root.with_name("other"))[["id", "split"]].equals(table[["id", "split"]])


def test_a_category_needs_no_masks(root):
    fake_category(root)
    shutil.rmtree(root / "ground_truth")
    assert unmasked(samples(root)).sum() == 10


def test_pavement_without_a_mask_or_with_an_empty_one_is_good(root):
    fake_pavement(root)
    table = samples(root)
    assert labels(root) == {"good": 6, "defect": 6}
    assert ((table["mask_path"] == "") == (table["label"] == "good")).all()


def test_sub_folders_of_images_name_kinds_and_good_ones(root):
    fake_boards(root)
    assert labels(root) == {"good": 6, "missing_hole": 5, "short": 5}
    (root / "masks/short/short_00.png").unlink()
    assert samples(root)["id"][unmasked(samples(root))].tolist() == ["images/short/short_00"]


def test_a_mask_of_no_image_is_refused_where_masks_tell_what_is_good(root):
    fake_pavement(root)
    (root / "masks/003.png").rename(root / "masks/3.png")
    with pytest.raises(DatasetError, match=r"1 masks are of no image in .*images, for example .*3\.png"):
        samples(root)


def test_tiles_with_empty_masks_beside_them_are_good(root):
    fake_tiles(root)
    assert labels(root) == {"good": 6, "defect": 6}


def test_masks_beside_images_are_found_by_three_names(root):
    fake_pairs_by_name(root)
    table = samples(root)
    assert labels(root) == {"good": 6, "defect": 10}
    assert {path.rpartition("_")[2] for path in table["mask_path"] if path} == {"mask.png", "label.bmp", "GT.png"}


def test_labels_are_enough(root):
    write_labels_only(root)
    assert labels(root) == {"good": 12, "crack": 12}
    assert unmasked(samples(root)).sum() == 12


def test_kinds_beside_good_may_have_masks_below_masks_or_beside_them(root):
    for number in range(3):
        write_good(root / "good" / f"{number}.jpg")
        write_defective(root / "cut" / f"{number}.jpg", root / "masks" / "cut" / f"{number}.png")
    assert labels(root) == {"good": 3, "cut": 3}
    assert not unmasked(samples(root)).any()
    shutil.rmtree(root / "masks")
    for number in range(3):
        write_empty_mask(root / "good" / f"{number}.png")
        write_defective(root / "cut" / f"{number}.jpg", root / "cut" / f"{number}.png")
    assert labels(root) == {"good": 3, "cut": 3}
    assert not unmasked(samples(root)).any()


def test_a_set_without_good_images_has_its_kinds_as_classes(root):
    write_steel(root)
    table = samples(root)
    assert classes_of(table) == ("inclusion", "patches", "scratches")
    assert set(assign(table)["split"]) == {"train", "val", "test"}


@pytest.mark.parametrize("write", [fake_pavement, write_labels_only, fake_tiles])
def test_any_layout_may_lie_below_train_and_test(root, write):
    for split in ("train", "test"):
        write(root / split)
    assert set(samples(root)["split"]) == {"train", "test"}
    assert samples(root)["id"].str.startswith(("train/", "test/")).all()


@pytest.mark.parametrize(
    ("folders", "own", "held"),
    [
        (
            ("Source Images", "Ground truth"),
            images_and_masks,
            r"'?Ground truth/ \(2 images\), Source Images/ \(2 images\)",
        ),
        (("Images", "Masks"), images_and_masks, r"Images/ \(2 images\)"),
        (("ok", "defective"), kinds, r"defective/ \(2 images\), ok/ \(2 images\)"),
        (("Test", "ground-truth"), mvtec_category, r"ground-truth/ \(2 images\)"),
        (("crack", "scratch"), kinds, r"crack/ \(2 images\), scratch/ \(2 images\)"),
        ((".",), side_by_side, "2 images beside each other, none of them the mask of another"),
        ((), kinds, "holds no images"),
    ],
)
def test_another_folder_is_told_what_it_holds_and_which_layout_is_nearest(root, folders, own, held):
    root.mkdir()
    for folder in folders:
        for number in range(2):
            write_good(root / folder / f"{number}.png")
    assert nearest(root) is own
    with pytest.raises(DatasetError, match=held) as raised:
        samples(root)
    assert f"it should hold {own.text}" in str(raised.value)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("labels/1.png", "labels looks like a folder of masks; call it .*masks"),
        ("valid/1.png", "is in a folder valid/ where kinds of defect are"),
        ("1.png", r"1\.png lies beside the folders of "),
        ("defect/1.png", "crack lies beside defect/; move it to "),
    ],
)
def test_what_is_no_kind_of_defect_is_not_taken_for_one(root, place, words):
    write_labels_only(root)
    write_good(root / place)
    with pytest.raises(DatasetError, match=words):
        samples(root)


def test_a_mask_that_shows_a_defect_on_a_good_image_is_refused(root):
    fake_boards(root)
    write_defective(root / "images/good/00.png", root / "masks/good/00.png")
    with pytest.raises(DatasetError, match=r"good.00\.png shows a defect, but .*good.00\.png is among the good images"):
        samples(root)
