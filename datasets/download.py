"""Downloading a dataset from its official address to the folder where it is looked for."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from .errors import DatasetError
from .registry import Archive, Dataset
from .roots import find_root
from .unpacking import unpack

NOTE = "SOURCE.txt"
"""Kept beside the images: licence, citation, origin, and what was unpacked."""
SECONDS = 30.0
"""A connection that is silent for so long counts as cut."""
CHUNK = 2**18
GONE = (http.client.NOT_FOUND, http.client.GONE)

Progress = Callable[[int, int], None]
"""Called with the bytes received so far and the bytes in all, 0 where the server does not say."""


def destination(dataset: Dataset, given: Path | None) -> Path:
    """Return where `find_root` will look for `dataset`, whether it is there or not."""
    return find_root(replace(dataset, generated=True), given).resolve()


def terms(dataset: Dataset, archive: Archive) -> str:
    """Return the licence, the citation and the origin of `dataset`, a line each."""
    return (
        f"dataset: {dataset.folder}\nlicence: {dataset.licence}\ncitation: {dataset.citation}\n"
        f"page: {dataset.url}\narchive: {archive.url or archive.name}\n"
    )


def fetch(dataset: Dataset, root: Path, progress: Progress) -> str:
    """Download `dataset` to `root`, unless it is there already, and return a sentence that says what was done.

    Args:
        dataset: what to download.
        root: the folder that will hold it; until it is unpacked, its archive lies beside this folder.
        progress: called as bytes arrive.

    Raises:
        DatasetError: there is nothing to download; the download fails, is not the official archive, or cannot be
            written; or something else, or a part of the dataset, is at `root`. The message says what to do by hand.
    """
    archive = dataset.archive
    if archive is None:
        raise DatasetError(f"there is nothing to fetch for {dataset.folder}: {dataset.url}")
    file = root.parent / archive.name
    try:
        if root.is_dir() and any(root.iterdir()):
            return _present(dataset, archive, root)
        if archive.checksum and file.is_file():
            if not _is_right(file, archive.checksum):
                raise DatasetError(f"{file} is not the official archive ({archive.checksum}): remove it")
            _settle(dataset, archive, file, root)
        elif archive.url:
            root.parent.mkdir(parents=True, exist_ok=True)
            part = root.parent / f"{archive.name}.part"
            _download(dataset, archive, part, root, progress)
            _settle(dataset, archive, part, root)
            part.unlink()
        else:
            reason = f"{dataset.folder} is not downloaded: {archive.by_hand}"
            raise DatasetError(f"{reason}. {_by_hand(dataset, archive, root)}")
    except OSError as error:
        raise DatasetError(f"cannot write {dataset.folder} to {root}: {error}") from error
    return f"{dataset.folder} is now at {root}"


def _present(dataset: Dataset, archive: Archive, root: Path) -> str:
    """Say that the dataset is at `root`, or raise `DatasetError` where something else is, or only a part of it."""
    note = root / NOTE
    if note.is_file():
        then = [line for line in note.read_text(encoding="utf-8").splitlines() if line.startswith("unpacked: ")]
        if then != [_unpacked(root)]:
            raise DatasetError(f"{root} has changed since it was fetched: delete it, and fetch it again")
        return f"{dataset.folder} is already at {root}, and whole"
    if (root / archive.inside).is_dir():
        return f"{dataset.folder} is already at {root}; it was not fetched by this command, but verify can check it"
    raise DatasetError(f"{root} holds something else: remove it, or name another folder with --data-root")


def _download(dataset: Dataset, archive: Archive, part: Path, root: Path, progress: Progress) -> None:
    """Fill `part` with the archive; a cut connection is resumed as long as each attempt brings more bytes."""
    kept = _size(part)
    if kept and _is_right(part, archive.checksum):
        return
    while problem := _receive(archive.url, part, progress):
        before, kept = kept, _size(part)
        if kept <= before:
            rest = f"; {kept} bytes are kept, and the next try goes on from there" if kept else ""
            raise DatasetError(f"{problem}{rest}. {_by_hand(dataset, archive, root)}")
    if not (part.is_file() and _is_right(part, archive.checksum)):
        part.unlink(missing_ok=True)
        raise DatasetError(
            f"what {archive.url} sends is not the official archive ({archive.checksum}), and was deleted. "
            f"{_by_hand(dataset, archive, root)}"
        )


def _receive(url: str, part: Path, progress: Progress) -> str:
    """Receive the bytes that `part` lacks, and return what went wrong, if anything did."""
    # Not with pooch, which starts an interrupted file again from the beginning: these files are large and slow.
    start = _size(part)
    headers = {"User-Agent": "cam-bench"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        # The address stands in the dataset's code; it is no input of a user.
        request = urllib.request.Request(url, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            continues = answer.status == http.client.PARTIAL_CONTENT
            _keep(answer, part, start if continues else 0, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return ""  # the server has no more bytes; the checksum tells whether these are all
        moved = ": it has moved" if error.code in GONE else ""
        return f"{url} answers {error.code} {error.reason}{moved}"
    except urllib.error.URLError as error:
        return f"{url} cannot be reached ({error.reason})"
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        return f"the connection to {url} was cut ({error})"
    return ""


def _keep(answer: http.client.HTTPResponse, part: Path, start: int, progress: Progress) -> None:
    """Write the bytes that arrive to `part`, after its first `start` bytes."""
    length = answer.headers.get("Content-Length")
    total = start + int(length) if length else 0
    with part.open("ab" if start else "wb") as file:
        for chunk in _arriving(answer):
            file.write(chunk)
            progress(file.tell(), total)
        if file.tell() < total:
            raise http.client.IncompleteRead(b"", total - file.tell())


def _arriving(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := answer.read(CHUNK):
            yield chunk
    except OSError as error:  # of the connection, not of the disk
        raise ConnectionError(error) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _is_right(file: Path, checksum: str) -> bool:
    kind, _, expected = checksum.partition(":")
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest() == expected


def _settle(dataset: Dataset, archive: Archive, file: Path, root: Path) -> None:
    """Unpack `file` into a temporary folder, and rename the dataset's folder in it to `root` when all is there."""
    aside = root.with_name(f".{root.name}-{uuid.uuid4().hex}")
    try:
        unpack(file, aside)
        homes = [path.parent for path in aside.rglob(archive.inside) if path.is_dir()]
        if not homes:
            raise DatasetError(f"{file} has no folder {archive.inside}: it is not {dataset.folder}")
        home = min(homes, key=lambda path: len(path.parts))
        note = terms(dataset, archive) + f"checksum: {archive.checksum}\n{_unpacked(home)}\n"
        (home / NOTE).write_text(note, encoding="utf-8")
        if root.is_dir():
            root.rmdir()
        home.rename(root)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unpacked(folder: Path) -> str:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != NOTE]
    return f"unpacked: {len(sizes)} files of {sum(sizes)} bytes"


def _by_hand(dataset: Dataset, archive: Archive, root: Path) -> str:
    page = f"Get {archive.name} from {dataset.url} with a browser"
    if not archive.checksum:
        return f"{page} and unpack it, so that {root / archive.inside} is there"
    return f"{page}, put it at {root.parent / archive.name} and fetch again: it is checked and unpacked"
