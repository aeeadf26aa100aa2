"""Which files below a folder are images, and which of them are masks of others."""

from pathlib import Path

import pytest

from datasets import DatasetError
from datasets.fake_files import write_empty_mask, write_good
from datasets.image_files import beside_masks, images_below, masks_below


def test_hidden_files_and_files_that_are_no_images_are_left_out(tmp_path):
    for name in ("b/2.JPG", "a/1.png", ".hidden/3.png", "a/._1.png"):
        write_good(tmp_path / name) if not Path(name).name.startswith("._") else (tmp_path / name).touch()
    (tmp_path / "a" / "notes.txt").touch()
    assert images_below(tmp_path) == [tmp_path / "a/1.png", tmp_path / "b/2.JPG"]
    assert images_below(tmp_path / "nowhere") == []


def test_masks_are_found_by_the_place_of_their_image_or_by_a_name_made_of_its_name(tmp_path):
    for name in ("crack/1.png", "crack/2_mask.bmp", "3_GT.png", "4-label.gif"):
        write_empty_mask(tmp_path / name)
    found = masks_below(tmp_path)
    assert {place: found[Path(place)].name for place in ("crack/1", "crack/2", "3", "4")} == {
        "crack/1": "1.png",
        "crack/2": "2_mask.bmp",
        "3": "3_GT.png",
        "4": "4-label.gif",
    }


def test_two_masks_of_one_image_are_refused(tmp_path):
    for name in ("1.png", "1.bmp"):
        write_empty_mask(tmp_path / name)
    with pytest.raises(DatasetError, match=r"1\.bmp and .*1\.png are masks of the same image: keep one"):
        masks_below(tmp_path)


def paired(*names):
    """Return {image: mask} by name."""
    return {str(image): mask and str(mask) for image, mask in beside_masks(map(Path, names)).items()}


@pytest.mark.parametrize("mask", ["a_mask.png", "a_label.bmp", "a_GT.png", "a-mask.tif", "a.png", "a.bmp"])
def test_a_mask_beside_its_image_is_known_by_its_name(mask):
    assert paired("a.jpg", mask, "b.jpg") == {"a.jpg": mask, "b.jpg": None}


def test_of_two_formats_of_one_name_png_is_the_mask():
    assert paired("a.bmp", "a.png") == {"a.bmp": "a.png"}


def test_images_of_other_folders_are_others():
    assert paired("x/a.jpg", "y/a_mask.png", "y/a.jpg") == {"x/a.jpg": None, "y/a.jpg": "y/a_mask.png"}


def test_a_name_that_only_looks_like_that_of_a_mask_is_an_images_where_nothing_is_a_mask():
    assert paired("front_label.jpg", "back.jpg") == {"front_label.jpg": None, "back.jpg": None}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a.jpg", "a.tif"), "a.jpg and a.tif: one of two files"),
        (("a.jpg", "a.bmp", "a.png"), "one of two files"),
        (("a.jpg", "a_mask.png", "a_GT.png"), "a_mask.png and a_GT.png are masks of the same image"),
        (("a.jpg", "a_mask.png", "b_mask.png"), "b_mask.png looks like a mask, but there is no image of this name"),
        (("a.jpg", "a.png", "renamed.png"), "renamed.png looks like a mask"),
    ],
)
def test_what_may_be_an_image_or_a_mask_is_refused(names, words):
    with pytest.raises(DatasetError, match=words):
        paired(*names)
