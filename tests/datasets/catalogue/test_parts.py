"""Names that name a part of a set, and the two sets that have parts: DAGM's classes, MVTec AD's categories."""

import shutil
from collections import Counter
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from datasets import DATASETS, DatasetError, find_root, get_dataset
from tests.helpers import fake_sets


@pytest.fixture(scope="module")
def dagm(tmp_path_factory):
    return fake_sets.dagm(tmp_path_factory.mktemp("dagm"))


@pytest.fixture(scope="module")
def mvtec(tmp_path_factory):
    return fake_sets.mvtec(tmp_path_factory.mktemp("mvtec"))


def test_a_mask_of_no_image_does_not_make_a_good_one(tmp_path):
    root = fake_sets.dagm(tmp_path)
    mask = root / "Class3" / "Test" / "Label" / "0004_label.PNG"
    mask.rename(mask.with_name("0004_lable.PNG"))
    fake_sets.save(mask.with_name("0005_label.PNG"), np.full(fake_sets.SQUARE, 255, np.uint8))
    with pytest.raises(DatasetError, match=r"0004_lable\.PNG is the mask of no image"):
        get_dataset("dagm").samples(root)


@pytest.mark.parametrize("lost", ["Class3/Train/Label", "Class1/Test"])
def test_a_class_without_test_or_masks_is_refused(tmp_path, lost):
    root = fake_sets.dagm(tmp_path)
    shutil.rmtree(root / lost)
    with pytest.raises(DatasetError, match=r"should hold 0001\.PNG, \.\.\. and masks"):
        get_dataset("dagm").samples(root)


def test_one_class_has_the_ids_it_has_among_all(dagm):
    one, both = (get_dataset(name).samples(dagm) for name in ("dagm:Class3", "dagm"))
    among = both[both["id"].str.startswith("Class3/")].reset_index(drop=True)
    assert (one["id"] == among["id"]).all()
    assert ((one["label"] == "defect") == (among["label"] == "Class3")).all()


def test_half_of_each_kind_is_for_training_and_good_tests_stay(mvtec):
    table = get_dataset("mvtec:bottle").samples(mvtec)
    tests = table[table["id"].str.startswith("bottle/test/")]
    training = tests[tests["split"] == "train"]
    assert Counter(training["label"]) == {kind: count // 2 for kind, count in fake_sets.MVTEC_KINDS.items()}
    # Experiments lie on disks: another half would mix them up.
    assert training["id"].tolist() == [
        "bottle/test/broken_large/001",
        "bottle/test/broken_large/002",
        "bottle/test/contamination/000",
        "bottle/test/contamination/002",
    ]


def test_categories_are_divided_differently(mvtec):
    bottle, zipper = (get_dataset(f"mvtec:{name}").samples(mvtec)["split"].tolist() for name in ("bottle", "zipper"))
    assert bottle != zipper


def test_a_category_has_to_be_named(mvtec):
    with pytest.raises(DatasetError, match=r"is tested by category; name one: mvtec:bottle, mvtec:zipper$"):
        get_dataset("mvtec").samples(mvtec)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mvtec:botle", "has no category 'botle'; name one: mvtec:bottle, mvtec:zipper"),
        ("mvtec:../bottle", "has no category"),
        ("dagm:Class2", "has no 'Class2'; it holds Class1, Class3"),
        ("dagm:Class3 backup", "it holds Class1, Class3"),
    ],
)
def test_an_unknown_part_names_those_found(request, name, message):
    known = get_dataset(name)
    with pytest.raises(DatasetError, match=message):
        known.samples(request.getfixturevalue(known.folder))


def test_a_part_keeps_what_is_known_of_its_set():
    whole, part = get_dataset("dagm"), get_dataset("dagm:Class3")
    assert (part.name, whole.name) == ("dagm:Class3", "dagm")
    assert replace(part, name=whole.name, samples=whole.samples) == whole
    assert "dagm:Class3" not in DATASETS
    with pytest.raises(FrozenInstanceError):
        part.name = "other"


def test_all_parts_lie_in_the_folder_of_their_set(tmp_path, monkeypatch):
    monkeypatch.setenv("CAM_BENCH_DATA", str(tmp_path))
    part = get_dataset("mvtec:bottle")
    with pytest.raises(DatasetError, match=r"mvtec:bottle is not at .*mvtec; get it .*holds mvtec/$"):
        find_root(part, None)
    (tmp_path / "mvtec").mkdir()
    assert part.folder == get_dataset("mvtec").folder == "mvtec"
    assert find_root(part, None) == tmp_path / "mvtec"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ksdd:kos01", "'ksdd:kos01' names a part, but ksdd has no parts; write 'ksdd'"),
        ("synthetic:", "has no parts"),
        ("mvtec:", "'mvtec:' names no part; write 'mvtec:PART'"),
        ("mvtek:bottle", r"no dataset 'mvtek'; did you mean mvtec"),
        (":bottle", "no dataset ''"),
    ],
)
def test_a_wrong_name_with_a_part_is_refused(name, message):
    with pytest.raises(DatasetError, match=message):
        get_dataset(name)
