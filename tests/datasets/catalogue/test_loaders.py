"""What every loader keeps, on a small tree of its layout."""

import os
import shutil
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from datasets import (
    DATASETS,
    DatasetError,
    assign,
    classes_of,
    fingerprint,
    get_dataset,
    read_image,
    read_mask,
)
from datasets.table import COLUMNS, SPLITS, check_groups
from tests.helpers import fake_sets, fake_trees


@dataclass(frozen=True)
class Case:
    """A loader's name, what writes its tree, and what is in it; `splits` is empty without an official split."""

    name: str
    write: object
    labels: dict
    groups: int
    splits: dict
    expected: str
    unmarked: tuple = ()

    @property
    def known(self):
        return get_dataset(self.name)


DAGM = {"train": 16, "test": 10}
CASES = {
    "ksdd": Case("ksdd", fake_trees.kolektor, {"good": 25, "defect": 9}, 10, {}, "kos01/Part0_label.bmp"),
    "ksdd2": Case(
        "ksdd2", fake_sets.ksdd2, {"good": 12, "defect": 6}, 18, {"train": 12, "test": 6}, "train/10000_GT.png"
    ),
    "mtd": Case(
        "mtd",
        fake_sets.mtd,
        {"good": 15, "Uneven": 2, "Blowhole": 2, "Break": 1, "Crack": 1, "Fray": 1},
        11,
        {},
        "MT_KIND/Imgs/expE_num_N.jpg",
        (fake_sets.UNMARKED,),
    ),
    "dagm": Case(
        "dagm", fake_sets.dagm, {"good": 20, "Class1": 3, "Class3": 3}, 26, DAGM, "Class1/Train/Label/0576_label.PNG"
    ),
    "dagm of one class": Case(
        "dagm:Class3", fake_sets.dagm, {"good": 10, "defect": 3}, 13, {"train": 8, "test": 5}, "Class1/Train/0001.PNG"
    ),
    "mvtec": Case(
        "mvtec:bottle",
        fake_sets.mvtec,
        {"good": 9, "broken_large": 5, "contamination": 4},
        18,
        {"train": 6 + 2 + 2, "test": 3 + 3 + 2},
        "bottle/ground_truth/KIND/000_mask.png",
    ),
    "folder": Case("folder", fake_sets.folder, {"good": 8, "defect": 3, "scratch": 4}, 15, {}, "masks/KIND/001.png"),
    "folder with splits": Case(
        "folder",
        fake_sets.split_folder,
        {"good": 10, "dent": 6},
        16,
        {"train": 9, "val": 3, "test": 4},
        "masks/KIND/001.png",
    ),
}


@pytest.fixture(scope="module")
def tree_of(tmp_path_factory):
    """Return the tree of a case, written once: do not change it."""
    return cache(lambda name: CASES[name].write(tmp_path_factory.mktemp("trees") / "tree"))


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture
def root(request, case, tree_of):
    return tree_of(request.node.callspec.params["case"])


@pytest.fixture
def table(case, root):
    return case.known.samples(root)


def test_every_loader_has_a_case():
    assert {case.name.partition(":")[0] for case in CASES.values()} == set(DATASETS) - {"synthetic"}


def test_the_table_is_valid(table):
    assert tuple(table.columns) == COLUMNS
    assert table["id"].is_unique
    assert table["id"].is_monotonic_increasing
    assert (table[["id", "group", "label", "image_path"]] != "").all(axis=None)
    assert all(type(value) is str for value in table.to_numpy().ravel())
    assert table["image_path"].is_unique
    check_groups(table)


def test_all_images_and_nothing_else_are_rows(case, table):
    assert Counter(table["label"]) == case.labels
    assert table["group"].nunique() == case.groups
    assert classes_of(table)[0] == "good"


def test_the_official_split_is_the_one_of_the_layout(case, table):
    assert Counter(table["split"]) == (case.splits or {"": len(table)})


def test_an_id_is_made_of_the_place_in_the_tree(root, table):
    inside = [Path(path).relative_to(root).with_suffix("").as_posix() for path in table["image_path"]]
    for name, place in zip(table["id"], inside, strict=True):
        assert "\\" not in name
        assert Path(name).name == Path(place).name
        assert set(name.split("/")) <= set(place.replace("MT_", "").split("/"))


def test_a_copy_elsewhere_is_the_same_set(case, root, table, tmp_path, monkeypatch):
    shutil.copytree(root, tmp_path / "copy")
    monkeypatch.setattr(os, "scandir", reversed_scandir(os.scandir))
    monkeypatch.setattr(os, "listdir", lambda path, real=os.listdir: sorted(real(path), reverse=True))
    copy = case.known.samples(tmp_path / "copy")
    columns = ["id", "group", "split", "label"]
    assert copy[columns].equals(table[columns])
    assert fingerprint(copy) == fingerprint(table)


def reversed_scandir(real):
    """Return a scandir that lists a folder in an order that no file system has by chance."""

    class Scan(list):
        def __enter__(self):
            return iter(self)

        def __exit__(self, *_):
            return None

    def scandir(path):
        with real(path) as entries:
            return Scan(sorted(entries, key=lambda entry: entry.name, reverse=True))

    return scandir


def test_only_the_defective_have_a_mask_and_it_marks_something(case, table):
    assert ((table["mask_path"] == "") == (table["label"] == "good")).all()
    for row in table[table["mask_path"] != ""].itertuples():
        assert Path(row.mask_path).is_file()
        assert read_mask(row.mask_path, fake_sets.SQUARE).any() == (row.id not in case.unmarked)


@pytest.mark.parametrize("case", [name for name in CASES if name != "ksdd"], indirect=True)  # its defects are dark
def test_a_mask_is_of_its_own_image(case, table):
    for row in table.itertuples():
        with Image.open(row.image_path) as photo:
            size = photo.size[::-1]
        image, mask = read_image(row.image_path, size, 1)[0], read_mask(row.mask_path, size)
        bright = image > (fake_sets.DARK + fake_sets.BRIGHT) / 2
        if row.id in case.unmarked:
            continue
        assert abs(int(bright.sum()) - int(mask.sum())) <= 8
        assert (bright & mask).sum() >= 0.9 * mask.sum()


def test_every_image_is_read_at_an_eighth_of_the_size(case, table):
    size = tuple(side // 8 for side in case.known.size)
    for row in table.itertuples():
        image = read_image(row.image_path, size, 3)
        assert image.shape == (3, *size)
        assert 40 < image.mean() < 200
        assert read_mask(row.mask_path, size).shape == size


def test_a_split_never_divides_an_item_and_keeps_the_official_test(case, table):
    split = assign(table)
    assert set(split["split"]) == set(SPLITS)
    assert split.groupby("group")["split"].nunique().max() == 1
    if case.splits:
        assert (split["split"] == "test").equals(table["split"] == "test")
    folds = [assign(table, folds=3, fold=fold) for fold in range(3)]
    assert all(one.groupby("group")["split"].nunique().max() == 1 for one in folds)
    assert sum((one["split"] == "test").sum() for one in folds) == len(table)


@pytest.mark.parametrize("wrong", ["empty", "missing", "above", "of images"])
def test_a_wrong_folder_is_one_error_that_says_what_was_expected(case, root, tmp_path, wrong):
    place = {"above": root.parent, "empty": tmp_path}.get(wrong, tmp_path / "some")
    if wrong == "of images":
        fake_sets.write_image(place / "000.png")
    with pytest.raises(DatasetError) as raised:
        case.known.samples(place)
    assert str(place) in str(raised.value)
    assert case.expected in str(raised.value)


@pytest.mark.parametrize("name", ["ksdd2", "mtd", "mvtec", "folder"])
def test_a_mask_of_another_name_is_missing(name, tmp_path):
    case = CASES[name]
    root = case.write(tmp_path / "tree")
    mask = Path(case.known.samples(root)["mask_path"].max())
    mask.rename(mask.with_name(f"renamed-{mask.name}"))
    with pytest.raises(DatasetError, match="is missing") as raised:
        case.known.samples(root)
    assert mask.stem in str(raised.value)


@pytest.mark.parametrize("name", ["ksdd2", "dagm", "folder"])
def test_a_damaged_mask_is_named(name, tmp_path):
    case = CASES[name]
    root = case.write(tmp_path / "tree")
    mask = Path(case.known.samples(root)["mask_path"].max())
    mask.write_bytes(mask.read_bytes()[:20])
    with pytest.raises(DatasetError, match="cannot be read") as raised:
        case.known.samples(root)
    assert mask.name in str(raised.value)
