"""An archive is unpacked into its folder or not at all."""

import io
import stat
import tarfile
import zipfile

import pytest

from datasets import DatasetError, unpacking
from datasets.unpacking import unpack

OUTSIDE = ["../evil.txt", "a/../../evil.txt", "/evil.txt", "..\\evil.txt", "C:\\evil.txt", "C:evil.txt", "\\\\host\\x"]


def zip_of(path, files):
    """Write a zip of {name or ZipInfo: bytes}."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


def tar_of(path, files):
    """Write a tar of {name or TarInfo: bytes}."""
    with tarfile.open(path, "w:xz") as packed:
        for name, content in files.items():
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return path


MAKERS = {"set.zip": zip_of, "set.tar.xz": tar_of}


@pytest.fixture(params=MAKERS)
def packed(request, tmp_path):
    """Return a function that makes an archive of each kind."""
    return lambda files: MAKERS[request.param](tmp_path / request.param, files)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_come_out_as_they_were(packed, tmp_path):
    files = {"kos01/Part0.jpg": bytes(range(256)) * 9, "./kos01/deep/er/Part1.jpg": b"", "top.txt": b"7"}
    unpack(packed(files), tmp_path / "out")
    assert contents(tmp_path / "out") == {name.removeprefix("./"): content for name, content in files.items()}


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_is_written_outside_the_folder(packed, tmp_path, name):
    archive = packed({"good.txt": b"1", name: b"evil"})
    with pytest.raises(DatasetError, match="outside its folder"):
        unpack(archive, tmp_path / "deep" / "out")
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name or path.name == "x"]


def test_a_link_in_a_zip_is_refused(tmp_path):
    link = zipfile.ZipInfo("kos01")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DatasetError, match="link or a device, 'kos01'"):
        unpack(zip_of(tmp_path / "set.zip", {link: "/etc"}), tmp_path / "out")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_link_or_a_device_in_a_tar_is_refused(tmp_path, kind):
    link = tarfile.TarInfo("kos01")
    link.type, link.linkname = kind, "/etc"
    with pytest.raises(DatasetError, match="link or a device, 'kos01'"):
        unpack(tar_of(tmp_path / "set.tar.xz", {link: b""}), tmp_path / "out")


def test_a_bomb_is_refused_long_before_it_is_unpacked(packed, tmp_path):
    archive = packed({f"{number}.bmp": bytes(3_000_000) for number in range(4)})
    with pytest.raises(DatasetError, match="far more"):
        unpack(archive, tmp_path / "out")
    unpacked = sum(map(len, contents(tmp_path / "out").values()))
    assert unpacked <= unpacking.MOST_RATIO * archive.stat().st_size + unpacking.CHUNK


def test_more_bytes_than_any_dataset_has_are_refused(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_BYTES", 4000)
    files = {f"{number}.txt": bytes(range(100)) * 10 for number in range(4)}
    unpack(packed(files), tmp_path / "out")
    with pytest.raises(DatasetError, match="far more"):
        unpack(packed(files | {"one.txt": b"1"}), tmp_path / "more")


def test_more_files_than_any_dataset_has_are_refused(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_FILES", 3)
    files = {f"{number}.txt": b"" for number in range(3)}
    unpack(packed(files), tmp_path / "out")
    with pytest.raises(DatasetError, match="far more"):
        unpack(packed(files | {"3.txt": b""}), tmp_path / "more")


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_damaged_archive_is_named(packed, tmp_path, kept):
    noise = b"".join(number.to_bytes(4, "big") for number in range(0, 2**31, 99_991))
    archive = packed({"a.jpg": noise, "b.jpg": noise})
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * kept)])
    with pytest.raises(DatasetError, match=r"set\.(zip|tar\.xz) is damaged"):
        unpack(archive, tmp_path / "out")


def test_a_zip_with_a_flipped_bit_is_damaged(tmp_path):
    archive = tmp_path / "set.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.txt", b"contents")
    archive.write_bytes(archive.read_bytes().replace(b"contents", b"contemts", 1))
    with pytest.raises(DatasetError, match="is damaged"):
        unpack(archive, tmp_path / "out")


def test_what_is_no_archive_is_damaged(tmp_path):
    (tmp_path / "page.zip").write_bytes(b"<html>moved</html>" * 99)
    with pytest.raises(DatasetError, match=r"page\.zip is damaged"):
        unpack(tmp_path / "page.zip", tmp_path / "out")


def test_a_locked_zip_says_so(tmp_path):
    archive = zip_of(tmp_path / "set.zip", {"a.txt": b"contents"})
    raw = bytearray(archive.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    with pytest.raises(DatasetError, match="password"):
        unpack(archive, tmp_path / "out")
