"""Files that are there as a whole or not at all."""

import pytest

from results.store.atomic import identifier, replacing


def test_identifiers_are_never_the_same_and_sort_by_time(monkeypatch):
    assert len({identifier() for _ in range(1000)}) == 1000
    found = []
    for now in (1, 10**18, 2 * 10**18):
        monkeypatch.setattr("results.store.atomic.time.time_ns", lambda now=now: now)
        found.append(identifier())
    assert found == sorted(found)
    assert {len(one) for one in found} == {24}


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "one.json"
    path.write_text("before")
    with replacing(path) as temporary:
        temporary.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_that_fails_leaves_the_file_as_it_was_and_nothing_else(tmp_path):
    path = tmp_path / "one.json"
    path.write_text("before")

    def write_half():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        write_half()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_have_temporary_names_of_their_own(tmp_path):
    path = tmp_path / "one.json"
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]
