"""Datasets are found by name, one by one or by part, and no name is given twice."""

from dataclasses import FrozenInstanceError, replace

import pytest

from datasets import DATASETS, DatasetError, dataset, fake_tree, find_root, get_dataset
from datasets.registry import FAKE_TREES, FakeTree
from tests.helpers.plain_registries import plain_registries  # noqa: F401  it holds for every test in this file

KNOWN = {"size": (32, 32), "licence": "MIT", "citation": "none", "url": "none"}


def test_a_misspelt_dataset_names_the_near_one():
    with pytest.raises(DatasetError, match=r"no dataset 'kssd'; did you mean .*ksdd"):
        get_dataset("kssd")


def test_an_unknown_dataset_names_all():
    with pytest.raises(DatasetError) as raised:
        get_dataset("qqqqqqqq")
    assert all(name in str(raised.value) for name in DATASETS)


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


def test_a_decorated_function_is_a_dataset_and_may_have_fake_trees():
    @dataset("mine", **KNOWN)
    def mine(root):
        return root

    @fake_tree("mine")
    def fake_mine(root):
        root.mkdir()

    known = get_dataset("mine")
    assert known.samples is mine
    assert (known.size, known.archive, known.generated) == ((32, 32), None, False)
    assert FAKE_TREES["mine by fake_mine"] == FakeTree("mine", fake_mine)


@pytest.mark.parametrize("name", ["", "a:b", "a/b", "a\\b", "a b", "a,b"])
def test_what_cannot_name_a_folder_is_no_name(name):
    with pytest.raises(DatasetError, match="a dataset cannot be called"):
        dataset(name, **KNOWN)


def test_no_dataset_takes_the_name_of_another():
    before = DATASETS["ksdd"]
    with pytest.raises(DatasetError, match="there is a dataset called 'ksdd' already; give yours another name"):
        dataset("ksdd", **KNOWN)
    assert DATASETS["ksdd"] is before


def test_a_fake_tree_belongs_to_a_dataset_that_exists():
    before = dict(FAKE_TREES)
    with pytest.raises(DatasetError, match="no dataset 'kssd'"):
        fake_tree("kssd")
    assert before == FAKE_TREES
