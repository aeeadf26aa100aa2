"""The pictures that a run keeps."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from bench.errors import BenchError
from bench.runs.gallery import Gallery, choose, named, spread


def samples(labels):
    return pd.DataFrame({"id": [f"i{number:02}" for number in range(len(labels))], "label": labels})


def test_only_defective_images_are_chosen_spread_over_all():
    chosen = choose(samples(["good", "dent"] * 12), 6)
    assert chosen == ("i01", "i05", "i09", "i13", "i17", "i21")


@pytest.mark.parametrize("count", range(8))
def test_no_more_are_chosen_than_there_are_and_none_twice(count):
    chosen = choose(samples(["good", *["dent"] * count]), 6)
    assert len(set(chosen)) == len(chosen) == min(count, 6)


def test_more_are_chosen_where_more_are_asked_for():
    assert choose(samples(["good", "dent"] * 12), 12) == tuple(f"i{number:02}" for number in range(1, 24, 2))


def test_images_are_named_by_their_ids_each_once_defective_or_not():
    assert named(samples(["good", "dent"]), ["i01", "i00", "i01"]) == ("i01", "i00")


def test_an_unknown_name_is_refused_with_near_ones():
    with pytest.raises(BenchError, match=r"no image 'i2' .* did you mean i02"):
        named(samples(["dent"] * 5), ["i2"])


def test_an_image_is_pictured_by_the_first_classifier_that_tests_it():
    tables = [
        pd.DataFrame({"id": ["a", "b", "c"], "split": splits})
        for splits in (["val", "test", "val"], ["test", "val", "train"], ["test", "test", "train"])
    ]
    assert spread({"a", "b", "c"}, tables) == [{"b", "c"}, {"a"}, set()]


def test_a_picture_is_lacked_until_it_is_kept(tmp_path):
    gallery = Gallery(tmp_path, ("a",))
    assert gallery.lacks("a", "cam")
    assert not gallery.lacks("b", "cam")
    gallery.keep("a", "cam", torch.zeros(2, 2, dtype=torch.uint8))
    assert not gallery.lacks("a", "cam")


def test_the_choice_does_not_depend_on_the_order_of_the_rows():
    table = samples(["dent"] * 20)
    assert choose(table.iloc[::-1], 6) == choose(table, 6)


def test_pictures_are_those_of_the_images_that_were_named(tmp_path):
    gallery = Gallery(tmp_path, ("kos01/Part5",))
    assert "kos01/Part5" in gallery
    assert "kos01/Part6" not in gallery


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7), (3, 5, 7)])
def test_a_picture_is_kept_to_the_pixel(tmp_path, shape):
    values = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    Gallery(tmp_path / "gallery", ("a",)).keep("a", "image", values)
    with Image.open(tmp_path / "gallery" / "a" / "image.png") as picture:
        assert picture.mode == ("RGB" if shape[0] == 3 else "L")
        kept = np.asarray(picture)
    expected = values.permute(1, 2, 0).numpy() if shape[0] == 3 else values.view(5, 7).numpy()
    assert np.array_equal(kept, expected)


def test_names_with_slashes_stay_one_file_in_one_folder(tmp_path):
    Gallery(tmp_path, ("kos01/Part5",)).keep("kos01/Part5", "ra-cam/S2-S4=max@80", torch.zeros(2, 2, dtype=torch.uint8))
    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")]
    assert files == ["kos01%2FPart5/ra-cam%2FS2-S4%3Dmax%4080.png"]


def test_a_later_picture_takes_the_place_of_an_earlier_one(tmp_path):
    gallery = Gallery(tmp_path, ("a",))
    for value in (1, 2):
        gallery.keep("a", "cam", torch.full((2, 2), value, dtype=torch.uint8))
    assert np.asarray(Image.open(tmp_path / "a" / "cam.png")).max() == 2
