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
from .registry import Dataset
from .roots import find_root
from .sources import Source
from .unpacking import unpack

NOTE = "SOURCE.txt"
"""Kept beside the images: licence, citation, origin, and what was unpacked."""
SECONDS = 30.0
"""Of silence after which a connection counts as cut."""
CHUNK = 2**18
GONE = (http.client.NOT_FOUND, http.client.GONE)

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes in all, 0 where the server does not say."""


def destination(dataset: Dataset, given: Path | None) -> Path:
    """Return where `find_root` will look for `dataset`, whether it is there or not."""
    return find_root(replace(dataset, generated=True), given).resolve()


def terms(dataset: Dataset, source: Source) -> str:
    """Return the licence, the citation and the origin of `dataset`, a line each."""
    return (
        f"dataset: {dataset.folder}\nlicence: {dataset.licence}\ncitation: {dataset.citation}\n"
        f"page: {dataset.url}\narchive: {source.url or source.archive}\n"
    )


def fetch(dataset: Dataset, source: Source, root: Path, progress: Progress) -> str:
    """Get `dataset` to `root` if it is not there, and return a sentence that says what was done.

    Args:
        dataset: what to get.
        source: its archive.
        root: folder that shall hold it; what is not unpacked yet lies beside it.
        progress: is told of the bytes.

    Raises:
        DatasetError: it cannot be downloaded, is not what it should be, or cannot be written; or what is at `root`
            is not whole. The message says what to do by hand.
    """
    archive = root.parent / source.archive
    try:
        if root.is_dir() and any(root.iterdir()):
            return _present(dataset, source, root)
        if source.checksum and archive.is_file():
            if not _is_right(archive, source.checksum):
                raise DatasetError(f"{archive} is not the official archive ({source.checksum}): take it away")
            _settle(dataset, source, archive, root)
        elif source.url:
            root.parent.mkdir(parents=True, exist_ok=True)
            part = root.parent / f"{source.archive}.part"
            _download(dataset, source, part, root, progress)
            _settle(dataset, source, part, root)
            part.unlink()
        else:
            raise DatasetError(
                f"{dataset.folder} is not downloaded: {source.by_hand}. {_by_hand(dataset, source, root)}"
            )
    except OSError as error:
        raise DatasetError(f"cannot write {dataset.folder} to {root}: {error}") from error
    return f"{dataset.folder} is now at {root}"


def _present(dataset: Dataset, source: Source, root: Path) -> str:
    """Say that the dataset is at `root`, or raise `DatasetError` where something else is, or a part of it."""
    note = root / NOTE
    if note.is_file():
        then = [line for line in note.read_text(encoding="utf-8").splitlines() if line.startswith("unpacked: ")]
        if then != [_unpacked(root)]:
            raise DatasetError(f"{root} is not as it was fetched: delete it, and fetch it again")
        return f"{dataset.folder} is already at {root}, and whole"
    if (root / source.inside).is_dir():
        return f"{dataset.folder} is already at {root}; it was not fetched by this command, but verify can check it"
    raise DatasetError(f"{root} holds something else: take it away, or name another folder with --data-root")


def _download(dataset: Dataset, source: Source, part: Path, root: Path, progress: Progress) -> None:
    """Fill `part` with the archive; a cut connection is taken up again as long as each brings more."""
    kept = _size(part)
    if kept and _is_right(part, source.checksum):
        return
    while problem := _receive(source.url, part, progress):
        before, kept = kept, _size(part)
        if kept <= before:
            rest = f"; {kept} bytes are kept, and the next try goes on from there" if kept else ""
            raise DatasetError(f"{problem}{rest}. {_by_hand(dataset, source, root)}")
    if not (part.is_file() and _is_right(part, source.checksum)):
        part.unlink(missing_ok=True)
        raise DatasetError(
            f"what {source.url} sends is not the official archive ({source.checksum}), and was deleted. "
            f"{_by_hand(dataset, source, root)}"
        )


def _receive(url: str, part: Path, progress: Progress) -> str:
    """Receive what `part` lacks, and return what went wrong, if anything did."""
    # Not by pooch: it begins an interrupted file anew, and these are large and come slowly.
    start = _size(part)
    headers = {"User-Agent": "cam-bench"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        # The addresses are those of `datasets.sources`, not a user's.
        request = urllib.request.Request(url, headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            continues = answer.status == http.client.PARTIAL_CONTENT
            _keep(answer, part, start if continues else 0, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return ""  # the server has no more; the checksum tells whether that is all
        moved = ": it has moved" if error.code in GONE else ""
        return f"{url} answers {error.code} {error.reason}{moved}"
    except urllib.error.URLError as error:
        return f"{url} cannot be reached ({error.reason})"
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        return f"the connection to {url} was cut ({error})"
    return ""


def _keep(answer: http.client.HTTPResponse, part: Path, start: int, progress: Progress) -> None:
    """Write what arrives to `part`, after its first `start` bytes."""
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
    except OSError as error:  # not to be taken for one of the disk
        raise ConnectionError(error) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _is_right(archive: Path, checksum: str) -> bool:
    kind, _, expected = checksum.partition(":")
    with archive.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest() == expected


def _settle(dataset: Dataset, source: Source, archive: Path, root: Path) -> None:
    """Unpack `archive` aside, and give the dataset's folder in it the name `root` when all is there."""
    aside = root.with_name(f".{root.name}-{uuid.uuid4().hex}")
    try:
        unpack(archive, aside)
        homes = [path.parent for path in aside.rglob(source.inside) if path.is_dir()]
        if not homes:
            raise DatasetError(f"{archive} has no folder {source.inside}: it is not {dataset.folder}")
        home = min(homes, key=lambda path: len(path.parts))
        note = terms(dataset, source) + f"checksum: {source.checksum}\n{_unpacked(home)}\n"
        (home / NOTE).write_text(note, encoding="utf-8")
        if root.is_dir():
            root.rmdir()
        home.rename(root)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unpacked(folder: Path) -> str:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != NOTE]
    return f"unpacked: {len(sizes)} files of {sum(sizes)} bytes"


def _by_hand(dataset: Dataset, source: Source, root: Path) -> str:
    page = f"Get {source.archive} from {dataset.url} with a browser"
    if not source.checksum:
        return f"{page} and unpack it, so that {root / source.inside} is there"
    return f"{page}, put it at {root.parent / source.archive} and fetch again: it is checked and unpacked"
