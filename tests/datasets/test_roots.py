"""Where a dataset is looked for."""

from dataclasses import replace
from pathlib import Path

import pytest

from datasets import DatasetError, cache_folder, find_root, get_dataset

KSDD = get_dataset("ksdd")


@pytest.fixture
def variable_folder(tmp_path, monkeypatch):
    """The folder that the variable names, with a folder for one dataset."""
    (tmp_path / "named" / "ksdd").mkdir(parents=True)
    monkeypatch.setenv("CAM_BENCH_DATA", str(tmp_path / "named"))
    return tmp_path / "named"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("CAM_BENCH_DATA", raising=False)
    monkeypatch.setattr("datasets.roots.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_the_folder_given_comes_first(variable_folder, tmp_path):
    assert find_root(KSDD, tmp_path) == tmp_path


def test_then_the_folder_of_its_name_under_the_variable(variable_folder):
    assert find_root(KSDD, None) == variable_folder / "ksdd"


def test_then_the_cache(cache):
    (cache / "data" / "ksdd").mkdir(parents=True)
    assert find_root(KSDD, None) == cache / "data" / "ksdd"


def test_a_missing_dataset_says_where_it_was_looked_for_and_what_to_do(cache):
    with pytest.raises(DatasetError) as raised:
        find_root(KSDD, None)
    for part in (str(cache / "data" / "ksdd"), KSDD.url, "--data-root", "CAM_BENCH_DATA"):
        assert part in str(raised.value)


def test_a_folder_given_that_is_not_there_is_an_error_and_not_replaced(variable_folder, tmp_path):
    with pytest.raises(DatasetError, match="no-such-folder"):
        find_root(KSDD, tmp_path / "no-such-folder")


def test_a_file_is_no_folder(variable_folder, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="ksdd is not at"):
        find_root(KSDD, tmp_path / "file")


def test_a_generated_dataset_needs_no_folder(cache):
    made = replace(KSDD, generated=True)
    assert find_root(made, None) == cache / "data" / "ksdd"
    assert not cache.exists()


def test_the_cache_is_a_folder_of_our_own():
    assert isinstance(cache_folder(), Path)
    assert "cam-bench" in cache_folder().parts
