"""What every dataset keeps: read from its fake tree, or generated."""

import os
import shutil
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from datasets import (
    DATASETS,
    DatasetError,
    LocalCopy,
    assign,
    classes_of,
    fingerprint,
    get_dataset,
    read_image,
    read_mask,
)
from datasets.catalogue.folder import fake_pairs_by_name, fake_tiles
from datasets.fake_files import BRIGHT, DARK, write_good
from datasets.faults import verify
from datasets.registry import FAKE_TREES, FakeTree
from datasets.table import COLUMNS, GOOD, SPLITS, check_groups

GENERATED = {name: FakeTree(name, lambda root: None) for name, one in DATASETS.items() if one.generated}
TREES = FAKE_TREES | GENERATED
AT_ANY_DEPTH = (fake_tiles, fake_pairs_by_name)
"""Images with their masks beside them are found in sub-folders too."""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return the root of a tree, written once: do not change it."""

    def write(tree):
        root = tmp_path_factory.mktemp("trees") / "root"
        root.mkdir()
        tree.write(root)
        return root

    return cache(write)


@pytest.fixture(scope="module")
def sampled(written):
    """Return the table of a tree, read once."""
    return cache(lambda tree: get_dataset(tree.name).samples(written(tree)))


@pytest.fixture(params=TREES.values(), ids=TREES)
def tree(request):
    """A tree of every dataset; generated ones begin with an empty folder."""
    return request.param


@pytest.fixture(params=FAKE_TREES.values(), ids=FAKE_TREES)
def fake(request):
    """A fake tree of every dataset that is not generated."""
    return request.param


@pytest.fixture
def root(tree, written):
    return written(tree)


@pytest.fixture
def table(tree, sampled):
    return sampled(tree).copy()


@pytest.fixture
def own_copy(fake, tmp_path):
    """A fake tree that may be changed."""
    fake.write(tmp_path / "own")
    return tmp_path / "own"


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_says_what_it_is(name):
    one = DATASETS[name]
    assert one.name == name
    assert get_dataset(name) is one
    assert one.licence
    assert one.citation
    assert one.url
    assert one.samples.__doc__


@pytest.mark.parametrize("name", DATASETS)
def test_the_size_is_height_and_width_that_five_stages_can_halve(name):
    height, width = DATASETS[name].size
    assert 32 <= height <= 4096
    assert 32 <= width <= 4096


@pytest.mark.parametrize("name", DATASETS)
def test_an_archive_is_complete_and_says_why_where_only_a_person_can_get_it(name):
    archive = DATASETS[name].archive
    if archive is None:
        return
    assert archive.name
    assert archive.inside
    assert bool(archive.url) != bool(archive.by_hand)
    if archive.url:
        assert archive.url.startswith("https://")
        assert archive.checksum
    if archive.checksum:
        kind, _, digits = archive.checksum.partition(":")
        assert len(bytes.fromhex(digits)) == {"md5": 16, "sha256": 32}[kind]


def test_every_dataset_is_generated_or_has_a_fake_tree():
    assert {get_dataset(tree.name).folder for tree in FAKE_TREES.values()} == {
        name for name, one in DATASETS.items() if not one.generated
    }


def test_a_fake_tree_holds_the_folder_by_which_an_archive_is_known(fake, written):
    archive = get_dataset(fake.name).archive
    assert archive is None or (written(fake) / archive.inside).is_dir()


def test_the_table_is_valid(table):
    assert tuple(table.columns) == COLUMNS
    assert table["id"].is_unique
    assert table["id"].is_monotonic_increasing
    assert (table[["id", "group", "label", "image_path"]] != "").all(axis=None)
    assert all(type(value) is str for value in table.to_numpy().ravel())
    assert table["image_path"].is_unique
    check_groups(table)


def test_there_are_good_and_defective_images_and_only_these_have_a_mask(table):
    assert classes_of(table)[0] == GOOD
    assert len(classes_of(table)) > 1
    assert GOOD in set(table["label"])
    assert ((table["mask_path"] == "") == (table["label"] == GOOD)).all()


def test_an_id_is_made_of_the_place_in_the_tree(root, table):
    inside = [Path(path).relative_to(root).with_suffix("").as_posix() for path in table["image_path"]]
    for name, place in zip(table["id"], inside, strict=True):
        assert "\\" not in name
        assert Path(name).name == Path(place).name
        assert set(name.split("/")) <= set(place.replace("MT_", "").split("/"))


def test_a_copy_elsewhere_is_the_same_set(tree, root, table, tmp_path, monkeypatch):
    shutil.copytree(root, tmp_path / "copy")
    monkeypatch.setattr(os, "scandir", reversed_scandir(os.scandir))
    monkeypatch.setattr(os, "listdir", lambda path, real=os.listdir: sorted(real(path), reverse=True))
    copy = get_dataset(tree.name).samples(tmp_path / "copy")
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


def test_verify_finds_no_fault_at_the_default_size(tree, root, table):
    known = get_dataset(tree.name)
    split, faults = verify(LocalCopy(known, root), known.size)
    assert faults == []
    assert split["id"].tolist() == table["id"].tolist()


def test_every_image_is_read_at_the_default_size(tree, table):
    size = get_dataset(tree.name).size
    for row in table.groupby("label").head(3).itertuples():
        image = read_image(row.image_path, size, 3)
        assert image.shape == (3, *size)
        assert 40 < image.mean() < 200
        assert read_mask(row.mask_path, size).any() == (row.label != GOOD)


def test_a_mask_belongs_to_its_image(fake, sampled):
    for row in sampled(fake).itertuples():
        with Image.open(row.image_path) as image:
            size = image.size[::-1]
        bright = read_image(row.image_path, size, 1)[0] > (DARK + BRIGHT) / 2
        mask = read_mask(row.mask_path, size)
        assert abs(int(bright.sum()) - int(mask.sum())) <= 8
        assert (bright & mask).sum() >= 0.9 * mask.sum()


def test_a_split_never_divides_an_item_and_keeps_the_official_test(table):
    split = assign(table)
    assert set(split["split"]) == set(SPLITS)
    assert split.groupby("group")["split"].nunique().max() == 1
    if (table["split"] != "").all():
        assert (split["split"] == "test").equals(table["split"] == "test")
    folds = [assign(table, folds=3, fold=fold) for fold in range(3)]
    assert all(one.groupby("group")["split"].nunique().max() == 1 for one in folds)
    assert Counter(name for one in folds for name in one["id"][one["split"] == "test"]) == Counter(table["id"])


@pytest.mark.parametrize("wrong", ["empty", "missing", "above", "of images", "of other files"])
def test_a_wrong_folder_is_one_error_that_says_what_was_expected(fake, written, tmp_path, wrong):
    if wrong == "above" and fake.write in AT_ANY_DEPTH:
        assert len(get_dataset(fake.name).samples(written(fake).parent))
        return
    place = {"above": written(fake).parent, "empty": tmp_path}.get(wrong, tmp_path / "some")
    if wrong == "of images":
        write_good(place / "000.png")
    if wrong == "of other files":
        place.mkdir()
        (place / "holiday.txt").touch()
    with pytest.raises(DatasetError) as raised:
        get_dataset(fake.name).samples(place)
    assert str(place) in str(raised.value)
    assert "it should hold " in str(raised.value)


def test_a_mask_of_another_name_is_told(fake, own_copy):
    copy = LocalCopy(get_dataset(fake.name), own_copy)
    row = copy.samples().sort_values("mask_path").iloc[-1]
    mask = Path(row["mask_path"])
    mask.rename(mask.with_name(f"renamed-{mask.name}"))
    _, (fault,) = verify(copy, copy.dataset.size)
    assert mask.stem in str(fault) or Path(row["image_path"]).stem in str(fault)


def test_a_damaged_mask_is_named(fake, own_copy):
    known = get_dataset(fake.name)
    mask = Path(known.samples(own_copy)["mask_path"].max())
    mask.write_bytes(mask.read_bytes()[:20])
    _, faults = verify(LocalCopy(known, own_copy), known.size)
    assert mask.name in "\n".join(map(str, faults))
