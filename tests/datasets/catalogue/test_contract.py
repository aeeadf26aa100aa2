"""What every dataset of the registry keeps."""

import pytest

from datasets import DATASETS, DatasetError, assign, get_dataset, read_image, read_mask
from datasets.table import COLUMNS, SPLITS, check_groups

FOUND = [name for name, one in DATASETS.items() if not one.generated]
GENERATED = [name for name, one in DATASETS.items() if one.generated]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Tables of the generated datasets."""
    return {name: DATASETS[name].samples(tmp_path_factory.mktemp(name)) for name in GENERATED}


def test_the_first_two_are_there():
    assert {"ksdd", "synthetic"} <= set(DATASETS)


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


@pytest.mark.parametrize("name", FOUND)
def test_a_wrong_folder_is_refused_by_name(name, tmp_path):
    (tmp_path / "holiday.txt").touch()
    with pytest.raises(DatasetError) as raised:
        DATASETS[name].samples(tmp_path)
    assert str(tmp_path) in str(raised.value)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_dataset_is_a_valid_table(name, made):
    table = made[name]
    assert tuple(table.columns) == COLUMNS
    assert table["id"].is_unique
    assert (table[["id", "group", "label", "image_path"]] != "").all(axis=None)
    assert set(table["split"]) <= {"", *SPLITS}
    assert (table["mask_path"] == "").sum() >= (table["label"] == "good").sum()
    check_groups(table)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_dataset_can_be_read_and_split(name, made):
    table, size = made[name], DATASETS[name].size
    assert set(assign(table)["split"]) == set(SPLITS)
    for row in table.groupby("label").first().itertuples():
        assert read_image(row.image_path, size, 3).shape == (3, *size)
        assert read_mask(row.mask_path, size).any() == (row.Index != "good")


def test_a_misspelt_dataset_names_the_near_one():
    with pytest.raises(DatasetError, match=r"no dataset 'kssd'; did you mean .*ksdd"):
        get_dataset("kssd")


def test_an_unknown_dataset_names_all():
    with pytest.raises(DatasetError) as raised:
        get_dataset("qqqqqqqq")
    assert all(name in str(raised.value) for name in DATASETS)
