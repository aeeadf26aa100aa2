"""Unpacking an archive that is not trusted."""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from .errors import DatasetError

MOST_FILES = 100_000
MOST_BYTES = 32 * 2**30
MOST_RATIO = 100
"""Most unpacked bytes per byte of the archive; images are compressed already, and real datasets stay below 5."""
CHUNK = 2**20

_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, NotImplementedError)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar `archive` into `folder`.

    Raises:
        DatasetError: it is damaged, holds anything but files and folders, would write outside `folder`, or unpacks
            to far more than images do. What was unpacked until then is left in `folder`.
    """
    left = min(MOST_BYTES, MOST_RATIO * archive.stat().st_size)
    try:
        for number, (name, source) in enumerate(_members(archive)):
            left = _copy(source, folder / _inside(name, archive), left)
            if left < 0 or number >= MOST_FILES:
                raise DatasetError(f"{archive} unpacks to far more than images do: it is not unpacked")
    except _DAMAGED as error:
        raise DatasetError(f"{archive} is damaged ({error}): delete it and get it again") from error


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the opened content of each file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            yield from _zipped(packed, archive)
    else:
        with tarfile.open(archive) as packed_tar:
            yield from _tarred(packed_tar, archive)


def _zipped(packed: zipfile.ZipFile, archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for member in packed.infolist():
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DatasetError(f"{archive} holds a link or a device, {member.filename!r}: it is not unpacked")
        if member.flag_bits & 1:
            raise DatasetError(f"{archive} is locked with a password")
        if not member.is_dir():
            with packed.open(member) as source:
                yield member.filename, source


def _tarred(packed: tarfile.TarFile, archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for member in packed:
        source = packed.extractfile(member) if member.isreg() else None
        if source:
            with source:
                yield member.name, source
        elif not member.isdir():
            raise DatasetError(f"{archive} holds a link or a device, {member.name!r}: it is not unpacked")


def _inside(name: str, archive: Path) -> Path:
    """Return `name` as a relative path, the same on every system."""
    windows, path = PureWindowsPath(name), PurePosixPath(name.replace("\\", "/"))
    if windows.drive or path.is_absolute() or ".." in path.parts or not path.parts:
        raise DatasetError(f"{archive} would write outside its folder, to {name!r}: it is not unpacked")
    return Path(*path.parts)


def _copy(source: IO[bytes], target: Path, most: int) -> int:
    """Copy to `target`, and return how many of the `most` bytes are left; negative, and cut short, beyond them."""
    # Headers may lie about sizes, so the bytes themselves are counted.
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        while most >= 0 and (chunk := source.read(CHUNK)):
            most -= len(chunk)
            file.write(chunk)
    return most
