"""A table that somebody wrote is a sample table, or one message that says all that is wrong with it."""

import pytest

from datasets import DatasetError, find_copy, unmasked
from datasets.fake_files import write_defective, write_empty_mask, write_good
from datasets.sample_file import read_samples


@pytest.fixture
def cells(tmp_path):
    """Return a function that writes lines as cells.csv, beside four images and the masks of two."""
    for number in range(4):
        image, mask = tmp_path / "images" / f"{number}.png", tmp_path / "masks" / f"{number}.png"
        if number % 2:
            write_defective(image, mask)
        else:
            write_good(image)
            write_empty_mask(mask)

    def write(*lines, encoding="utf-8"):
        path = tmp_path / "cells.csv"
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        return path

    return write


def test_paths_are_relative_to_the_file_and_the_rest_has_defaults(cells, tmp_path):
    table = read_samples(cells("image_path,label", "images/0.png,good", "images/1.png,crack"))
    assert table["id"].tolist() == table["group"].tolist() == ["images/0", "images/1"]
    assert table["image_path"].tolist() == [str(tmp_path / "images/0.png"), str(tmp_path / "images/1.png")]
    assert set(table["split"]) == set(table["mask_path"]) == {""}
    assert unmasked(table).tolist() == [False, True]


def test_every_column_of_the_sample_table_is_read(cells, tmp_path):
    lines = (
        "id,group,split,label,image_path,mask_path,camera",
        "a,p,train,good,images/0.png,masks/0.png,x",
        "b,q,test,NA,images/1.png,masks/1.png,y",
    )
    table = read_samples(cells(*lines, encoding="utf-8-sig"))
    assert table.drop(columns="image_path").to_numpy().tolist() == [
        ["a", "p", "train", "good", ""],
        ["b", "q", "test", "NA", str(tmp_path / "masks/1.png")],
    ]


def test_it_is_named_where_a_folder_would_be(cells):
    path = cells("image_path,label", "images/0.png,good", "images/1.png,crack")
    copy = find_copy("folder", path)
    assert copy.name == "cells"
    assert len(copy.samples()) == 2


def test_all_that_is_wrong_is_in_one_message(cells):
    path = cells("image_path,label,mask_path", "images/9.png,good,", "images/1.png,,", "images/3.png,cut,masks/9.png")
    with pytest.raises(DatasetError) as raised:
        read_samples(path)
    for words in ("image 'images/9.png', but there is no file", "no label: write good", "mask 'masks/9.png', but"):
        assert words in str(raised.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("path,label", "images/0.png,good"), "lacks the column image_path: .* it has path, label"),
        (("image_path;label", "images/0.png;good"), "it has image_path;label"),
        (("image_path,label,split", "images/0.png,good,training"), "into 'training': write train, val, test"),
        (("image_path,label,split", "images/0.png,good,train", "images/1.png,a,"), "the split of some images only"),
        (("image_path,label,mask_path", "images/1.png,good,masks/1.png"), "labels images/1.png good, but its mask"),
        (("image_path,label", "images/0.png,good", "images/0.png,good"), "these repeat: images/0"),
        (("image_path,label",), "no images found"),
        (("",), "cannot be read as a table"),
    ],
)
def test_what_is_no_sample_table_is_refused(cells, lines, words):
    with pytest.raises(DatasetError, match=words):
        read_samples(cells(*lines))


def test_another_encoding_is_refused_in_our_own_words(cells):
    path = cells("image_path,label", "images/é.png,good", encoding="latin-1")
    with pytest.raises(DatasetError, match="it should be CSV in UTF-8"):
        read_samples(path)


def test_a_good_image_may_have_a_mask_that_is_empty_from_a_value_on(cells):
    path = cells("image_path,label,mask_path", "images/1.png,good,masks/1.png", "images/3.png,cut,masks/3.png")
    assert read_samples(path, mask_above=255)["mask_path"].astype(bool).tolist() == [False, True]
