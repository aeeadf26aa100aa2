"""KolektorSDD's loader on a small tree, and on the real images where they are."""

import pytest
from PIL import Image

from datasets import DatasetError, assign, get_dataset, join_near_duplicates, read_image, read_mask
from datasets.catalogue.ksdd import fake_ksdd
from datasets.fake_files import SIDE
from datasets.leaks import crossing, near_duplicates
from datasets.table import COLUMNS

KSDD = get_dataset("ksdd")
# Of the real set's five folds: (defective, good) images of train, val and test.
FOLDS = [
    ((34, 221), (8, 56), (10, 70)),
    ((33, 215), (8, 56), (11, 76)),
    ((34, 221), (8, 56), (10, 70)),
    ((34, 221), (8, 56), (10, 70)),
    ((33, 230), (8, 56), (11, 61)),
]


@pytest.fixture
def tree(tmp_path):
    fake_ksdd(tmp_path / "ksdd")
    return tmp_path / "ksdd"


def test_every_image_of_the_layout_is_a_row(tree):
    table = KSDD.samples(tree)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 9 * 3 + 7
    assert table["group"].nunique() == 10
    assert (table["group"] == "kos04").sum() == 7
    assert table["id"].tolist() == sorted(table["id"])
    assert set(table["split"]) == {""}


def test_an_image_is_defective_if_its_mask_is_not_empty(tree):
    table = KSDD.samples(tree).set_index("id")
    assert table.loc["kos03/Part2", "label"] == "defect"
    assert table.loc["kos03/Part1", "label"] == "good"
    assert table.loc["kos05/Part2", "label"] == "good"
    assert (table["label"] == "defect").sum() == 9
    assert ((table["mask_path"] == "") == (table["label"] == "good")).all()


def test_a_row_leads_to_its_own_image_and_mask(tree):
    row = KSDD.samples(tree).set_index("id").loc["kos04/Part6"]
    assert row["image_path"] == str(tree / "kos04" / "Part6.jpg")
    assert row["mask_path"] == str(tree / "kos04" / "Part6_label.bmp")
    assert read_mask(row["mask_path"], (40, 16)).sum() == SIDE * SIDE


def test_a_file_that_is_not_of_the_layout_is_no_image(tree):
    table = KSDD.samples(tree)
    assert (table["group"] == "kos02").sum() == 3
    assert not table["id"].str.contains("Copy").any()


def test_a_mask_of_another_name_is_missing(tree):
    mask = tree / "kos07" / "Part1_label.bmp"
    mask.rename(mask.with_name("Part1_lable.bmp"))
    with pytest.raises(DatasetError, match=r"kos07.Part1_label\.bmp is missing"):
        KSDD.samples(tree)


def test_a_damaged_mask_is_named(tree):
    mask = tree / "kos07" / "Part1_label.bmp"
    mask.write_bytes(mask.read_bytes()[:40])
    with pytest.raises(DatasetError, match=r"kos07.Part1_label\.bmp"):
        KSDD.samples(tree)


def test_the_folder_above_is_not_taken_for_the_set(tree):
    with pytest.raises(DatasetError, match=r"is not KolektorSDD: it should hold kos01/Part0\.jpg"):
        KSDD.samples(tree.parent)


@pytest.fixture(scope="session")
def real(shared):
    root = shared / "data" / "KolektorSDD"
    if not root.is_dir():
        pytest.skip(f"KolektorSDD is not at {root}")
    return KSDD.samples(root)


@pytest.fixture(scope="session")
def joined(real):
    """The items as a run takes them, near-duplicates together."""
    return join_near_duplicates(real)


def counts(table):
    """Return (defective, good) of train, val and test."""
    labels = [table["label"][table["split"] == split] for split in ("train", "val", "test")]
    return tuple(((part == "defect").sum(), (part == "good").sum()) for part in labels)


def test_the_real_set_is_complete(real):
    assert len(real) == 399
    assert (real["label"] == "defect").sum() == 52
    assert real["group"].nunique() == 50
    assert real.groupby("group").size().value_counts().to_dict() == {8: 49, 7: 1}


def test_the_real_files_are_read(real):
    row = real[real["label"] == "defect"].iloc[0]
    with Image.open(row["mask_path"]) as mask:
        assert mask.mode == "1"
    image = read_image(row["image_path"], (176, 64), 1)
    assert image.shape == (1, 176, 64)
    assert 0.0005 < read_mask(row["mask_path"], (1408, 512)).mean() < 0.1


def test_items_that_show_one_part_are_one_item(joined):
    assert joined["group"].nunique() == 47
    assert {name for name in joined["group"] if "+" in name} == {"kos01+kos19", "kos13+kos29", "kos30+kos32"}
    assert crossing(near_duplicates(joined["image_path"].tolist()), folds_of(joined)) == []


def test_the_single_split_has_the_papers_numbers(joined):
    train, val, test = counts(assign(joined))
    assert test == (10, 70)
    assert (train[0] + val[0], train[1] + val[1]) == (42, 277)


@pytest.mark.parametrize("fold", range(5))
def test_the_numbers_of_each_fold(joined, fold):
    assert counts(assign(joined, folds=5, fold=fold)) == FOLDS[fold]


def test_five_folds_test_every_item_once(joined):
    tested = [set(table["group"][table["split"] == "test"]) for table in folds_of(joined)]
    assert sum(map(len, tested)) == 47
    assert set.union(*tested) == set(joined["group"])


def test_validation_is_cut_from_training_by_item(joined):
    for table in folds_of(joined):
        assert table.groupby("group")["split"].nunique().max() == 1
        assert (table["label"][table["split"] == "val"] == "defect").sum() == 8


def folds_of(table):
    return [assign(table, folds=5, fold=fold) for fold in range(5)]


def test_all_missing_masks_are_named_at_once(tree):
    for name in ("kos02/Part0_label.bmp", "kos05/Part2_label.bmp"):
        (tree / name).unlink()
    with pytest.raises(DatasetError, match=r"(?s)kos02.Part0_label\.bmp is missing.*kos05.Part2_label\.bmp is missing"):
        KSDD.samples(tree)
