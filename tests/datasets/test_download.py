"""A dataset is fetched whole from its official address, or one message says what to do."""

import hashlib
import socket
from dataclasses import replace

import pytest

from datasets import DATASETS, DatasetError, find_root, get_dataset
from datasets.catalogue.ksdd import fake_ksdd
from datasets.download import NOTE, destination, fetch, terms
from datasets.registry import Archive
from tests.helpers.archive_server import serving, zipped

KSDD = get_dataset("ksdd")


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The bytes of a small KolektorSDD archive, with a folder around the items."""
    tree = tmp_path_factory.mktemp("tree")
    fake_ksdd(tree)
    return zipped(tree, "KolektorSDD/")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data" / "ksdd"


def archive_of(content, url="", kind="md5"):
    return Archive("set.zip", "kos01", url, f"{kind}:{hashlib.new(kind, content).hexdigest()}")


def get(server, root, **changes):
    """Fetch from `server`; return the last sentence and all that was told of the progress."""
    told = []
    archive = replace(archive_of(server.content, server.url), **changes)
    return fetch(replace(KSDD, archive=archive), root, lambda *numbers: told.append(numbers)), told


def refused(server, root, **changes):
    with pytest.raises(DatasetError) as raised:
        get(server, root, **changes)
    return str(raised.value)


def left_beside(root):
    return sorted(path.name for path in root.parent.iterdir())


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_a_dataset_is_downloaded_checked_and_unpacked_where_it_is_looked_for(content, root, kind):
    with serving(content) as server:
        done, told = get(server, root, checksum=archive_of(content, kind=kind).checksum)
    assert done == f"ksdd is now at {root}"
    assert len(KSDD.samples(find_root(KSDD, root))) == 34
    assert told[-1] == (len(content), len(content))
    assert left_beside(root) == ["ksdd"]


def test_licence_citation_and_origin_are_kept_beside_the_images(content, root):
    with serving(content) as server:
        get(server, root)
        note = (root / NOTE).read_text()
        assert all(text in note for text in (KSDD.licence, KSDD.citation, KSDD.url, server.url, "md5:"))
    assert "unpacked: 69 files of " in note


def test_a_cut_connection_is_taken_up_where_it_ended(content, root):
    with serving(content, cuts=[1000, 500]) as server:
        get(server, root)
        assert server.asked == [None, "bytes=1000-", "bytes=1500-"]
    assert len(KSDD.samples(root)) == 34


def test_an_interrupted_download_goes_on_in_the_next_call(content, root):
    with serving(content, cuts=[1000, 0]) as server:
        message = refused(server, root)
        assert "was cut" in message
        assert "1000 bytes are kept" in message
        assert (root.parent / "set.zip.part").read_bytes() == content[:1000]
        _, told = get(server, root)
        assert server.asked == [None, "bytes=1000-", "bytes=1000-"]
    assert told[0][0] > 1000
    assert told[-1] == (len(content), len(content))


def test_a_complete_download_that_was_not_unpacked_is_not_sent_again(content, root):
    root.parent.mkdir()
    (root.parent / "set.zip.part").write_bytes(content)
    with serving(content) as server:
        get(server, root)
        assert server.asked == []


def test_a_server_without_ranges_sends_all_again(content, root):
    with serving(content, cuts=[1000], ranges=False) as server:
        get(server, root)
        assert server.asked == [None, "bytes=1000-"]
    assert len(KSDD.samples(root)) == 34


def test_a_server_that_always_cuts_at_the_same_place_is_given_up(content, root):
    with serving(content, cuts=[1000] * 9, ranges=False) as server:
        assert "was cut" in refused(server, root)
        assert len(server.asked) == 2


@pytest.mark.parametrize("before", [b"", b"x" * 1000, b"x" * 10**6])
def test_another_file_is_deleted_and_the_next_try_begins_anew(content, root, before):
    root.parent.mkdir()
    (root.parent / "set.zip.part").write_bytes(before)
    with serving(content) as server:
        changes = {} if before else {"checksum": "md5:" + "0" * 32}
        message = refused(server, root, **changes)
        assert all(text in message for text in (server.url, "not the official archive", "was deleted", KSDD.url))
        assert left_beside(root) == []
        get(server, root)
    assert len(KSDD.samples(root)) == 34


@pytest.mark.parametrize(("status", "words"), [(404, "404 Not Found: it has moved"), (410, "moved"), (503, "503")])
def test_an_address_that_does_not_answer_well_is_named_with_what_to_do(content, root, status, words):
    with serving(content, status=status) as server:
        message = refused(server, root)
        assert server.url in message
    assert all(text in message for text in (words, KSDD.url, str(root.parent / "set.zip")))
    assert "bytes are kept" not in message


def test_a_server_that_is_not_there_is_named_with_what_to_do(content, root):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/set.zip"
    with pytest.raises(DatasetError) as raised:
        fetch(replace(KSDD, archive=archive_of(content, url)), root, lambda *_: None)
    assert all(text in str(raised.value) for text in (url, "cannot be reached", KSDD.url, str(root.parent)))


def test_what_is_there_and_whole_is_left_alone(content, root):
    with serving(content) as server:
        get(server, root)
        done, told = get(server, root)
        assert len(server.asked) == 1
    assert done == f"ksdd is already at {root}, and whole"
    assert told == []


@pytest.mark.parametrize("damage", ["delete", "shorten"])
def test_what_was_fetched_and_lost_files_since_is_not_called_whole(content, root, damage):
    with serving(content) as server:
        get(server, root)
        image = root / "kos02" / "Part1.jpg"
        image.unlink() if damage == "delete" else image.write_bytes(image.read_bytes()[:-1])
        assert "has changed since it was fetched" in refused(server, root)
        assert len(server.asked) == 1


def test_a_folder_that_was_put_there_by_hand_is_left_alone(content, root):
    fake_ksdd(root)
    with serving(content) as server:
        assert "not fetched by this command" in get(server, root)[0]
        assert server.asked == []


def test_a_folder_of_something_else_is_left_alone(content, root):
    root.mkdir(parents=True)
    (root / "holiday.jpg").touch()
    with serving(content) as server:
        assert "holds something else" in refused(server, root)
    assert [path.name for path in root.iterdir()] == ["holiday.jpg"]


def test_an_empty_folder_is_filled(content, root):
    root.mkdir(parents=True)
    with serving(content) as server:
        get(server, root)
    assert len(KSDD.samples(root)) == 34


def test_an_archive_that_was_put_there_by_hand_is_checked_and_unpacked_and_stays(content, root):
    root.parent.mkdir()
    (root.parent / "set.zip").write_bytes(content)
    known = replace(KSDD, archive=archive_of(content))
    assert fetch(known, root, lambda *_: None) == f"ksdd is now at {root}"
    assert left_beside(root) == ["ksdd", "set.zip"]


def test_a_wrong_archive_that_was_put_there_by_hand_is_named_and_stays(content, root):
    root.parent.mkdir()
    (root.parent / "set.zip").write_bytes(b"another")
    with pytest.raises(DatasetError, match=r"set\.zip is not the official archive"):
        fetch(replace(KSDD, archive=archive_of(content)), root, lambda *_: None)
    assert left_beside(root) == ["set.zip"]


def test_an_archive_without_the_datasets_folder_leaves_nothing(tmp_path, root):
    (tmp_path / "tree" / "other").mkdir(parents=True)
    (tmp_path / "tree" / "other" / "file").touch()
    with serving(zipped(tmp_path / "tree")) as server:
        assert "has no folder kos01" in refused(server, root)
    assert left_beside(root) == ["set.zip.part"]


def test_a_place_that_cannot_be_written_is_named(content, tmp_path):
    (tmp_path / "file").touch()
    with serving(content) as server:
        assert "cannot write ksdd" in refused(server, tmp_path / "file" / "ksdd")


@pytest.mark.parametrize("name", [name for name, one in DATASETS.items() if one.archive and not one.archive.url])
def test_where_only_a_person_can_get_it_the_message_says_why_where_from_and_where_to(name, tmp_path):
    known = DATASETS[name]
    with pytest.raises(DatasetError) as raised:
        fetch(known, tmp_path / name, lambda *_: None)
    for text in (known.archive.by_hand, known.url, known.archive.name, str(tmp_path)):
        assert text in str(raised.value)


@pytest.mark.parametrize("name", ["synthetic", "folder"])
def test_without_an_archive_there_is_nothing_to_fetch(name, tmp_path):
    with pytest.raises(DatasetError, match=f"nothing to fetch for {name}: "):
        fetch(DATASETS[name], tmp_path / name, lambda *_: None)


def test_the_checksums_of_the_kolektor_sets():
    assert DATASETS["ksdd"].archive.checksum == "md5:2b094030343c1cd59df02203ac6c57a0"
    assert DATASETS["ksdd2"].archive.checksum == "md5:1ed0f628122776ace4965afa30dfe316"


def test_the_destination_is_where_the_dataset_is_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("CAM_BENCH_DATA", str(tmp_path))
    assert destination(get_dataset("mvtec:bottle"), None) == tmp_path / "mvtec"
    (tmp_path / "mvtec").mkdir()
    assert find_root(get_dataset("mvtec:bottle"), None) == tmp_path / "mvtec"
    assert destination(KSDD, tmp_path / "mine") == tmp_path / "mine"


def test_the_terms_name_licence_and_citation():
    text = terms(KSDD, KSDD.archive)
    assert KSDD.licence in text
    assert KSDD.citation in text
