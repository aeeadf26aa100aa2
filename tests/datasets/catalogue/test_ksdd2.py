"""KolektorSDD2: every numbered image, and none of the archive's copies."""

from collections import Counter

import pytest

from datasets import DatasetError, get_dataset
from datasets.catalogue.ksdd2 import fake_ksdd2

KSDD2 = get_dataset("ksdd2")


@pytest.fixture
def table(tmp_path):
    fake_ksdd2(tmp_path)
    return KSDD2.samples(tmp_path)


def test_every_numbered_image_is_an_item_and_the_copies_are_none(table):
    assert Counter(table["label"]) == {"good": 12, "defect": 6}
    assert (table["group"] == table["id"]).all()
    assert not table["id"].str.contains("copy").any()


def test_the_split_is_the_official_one(table):
    assert Counter(table["split"]) == {"train": 12, "test": 6}
    assert (table["id"].str.partition("/")[0] == table["split"]).all()


def test_another_folder_is_told_the_names_that_are_looked_for(tmp_path):
    with pytest.raises(DatasetError, match=r"is not KolektorSDD2: it should hold train/10000\.png, "):
        KSDD2.samples(tmp_path)
