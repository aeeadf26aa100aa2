"""MVTec AD: one category at a time, with half of its defective test images moved to training."""

from collections import Counter

import pytest

from datasets import DatasetError, get_dataset
from datasets.catalogue.mvtec import FAKE_KINDS, fake_mvtec


@pytest.fixture
def tree(tmp_path):
    fake_mvtec(tmp_path)
    return tmp_path


def test_half_of_each_kind_is_for_training_and_good_tests_stay(tree):
    table = get_dataset("mvtec:bottle").samples(tree)
    assert Counter(table["label"]) == {"good": 9, **FAKE_KINDS}
    assert Counter(table["split"]) == {"train": 6 + 2 + 2, "test": 3 + 3 + 2}
    assert (table["group"] == table["id"]).all()
    training = table[(table["split"] == "train") & (table["label"] != "good")]
    assert Counter(training["label"]) == {kind: count // 2 for kind, count in FAKE_KINDS.items()}
    # Runs are kept on disks: another half would mix them up.
    assert training["id"].tolist() == [
        "bottle/test/broken_large/001",
        "bottle/test/broken_large/002",
        "bottle/test/contamination/000",
        "bottle/test/contamination/002",
    ]


def test_categories_are_divided_differently(tree):
    bottle, zipper = (get_dataset(f"mvtec:{name}").samples(tree)["split"].tolist() for name in ("bottle", "zipper"))
    assert bottle != zipper


def test_a_category_has_to_be_named(tree):
    with pytest.raises(DatasetError, match=r"is tested by category; name one: mvtec:bottle, mvtec:zipper$"):
        get_dataset("mvtec").samples(tree)


@pytest.mark.parametrize("part", ["botle", "../bottle"])
def test_an_unknown_category_is_told_those_found(tree, part):
    with pytest.raises(DatasetError, match=f"has no category '{part}'; name one: mvtec:bottle, mvtec:zipper"):
        get_dataset(f"mvtec:{part}").samples(tree)


def test_another_folder_is_told_the_layout(tmp_path):
    with pytest.raises(DatasetError, match=r"is not MVTec AD: it should hold bottle/train/good/000\.png"):
        get_dataset("mvtec:bottle").samples(tmp_path)
