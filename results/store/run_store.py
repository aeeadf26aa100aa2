"""A run on disk: a manifest, and Parquet parts of cells.

A part is there as a whole or not at all, so that a run that was cut off goes on where it stopped. Its name is a number,
one more than the highest that its writer saw, and an identifier: processes that write at once overwrite nothing, and
parts have one order, in which a later cell takes the place of an earlier one of the same identity. Runs of earlier
releases are upgraded when they are read.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from results.errors import ResultError
from results.status import Status
from results.store.atomic import identifier, replacing
from results.store.cells import HISTOGRAMS, IDENTITY, Cell, Cells
from results.store.manifest import Manifest
from results.store.upgrades import SCHEMA, SCHEMA_VERSION, upgrade, upgrade_manifest

MANIFEST = "manifest.json"
VERSION_KEY = b"schema_version"
"""Where a part says under which schema it was written; those of schema 1 and 2 leave it to the manifest."""


class RunStore:
    """A run's folder: its manifest is read or written once, cells are appended in parts."""

    def __init__(self, folder: Path) -> None:
        """Name the folder of a run; nothing is read or written yet."""
        self.folder = folder
        self._parts = folder / "cells"

    def begin(self, manifest: Manifest) -> None:
        """Start the run, or go on with it if it has the same identity.

        Raises:
            ResultError: the folder holds another run; the message names the fields that differ.
        """
        self._parts.mkdir(parents=True, exist_ok=True)
        path = self.folder / MANIFEST
        if not path.is_file():
            with replacing(path) as temporary:
                temporary.write_text(manifest.model_dump_json(indent=2) + "\n")
        if differing := self.manifest().differing(manifest):
            raise ResultError(
                f"{self.folder} holds a run with another {' and '.join(differing)}; name another folder with --out"
            )

    def manifest(self) -> Manifest:
        """Return the manifest.

        Raises:
            ResultError: the folder holds no run, or one that a newer release has made.
        """
        found = self._stored_manifest()
        try:
            return Manifest.model_validate(upgrade_manifest(found, found["schema_version"]))
        except ValidationError as error:
            raise ResultError(f"{self.folder / MANIFEST} is not the manifest of a run: {error}") from error

    def append(self, cells: list[Cell]) -> None:
        """Write `cells` as one part."""
        if cells:
            rows = [asdict(cell) | {"defect": cell.defect.tolist(), "other": cell.other.tolist()} for cell in cells]
            self._write(pa.Table.from_pylist(rows, SCHEMA))

    def finished(self) -> dict[tuple[Any, ...], Status]:
        """Return the status of each cell that need not be computed again, by identity: of all but the failed ones."""
        if not self._files():
            return {}
        frame = self._latest([*IDENTITY, "status"]).to_pandas()
        done = frame[frame["status"] != Status.FAILED]
        statuses = map(Status, done["status"])
        return dict(zip(done[IDENTITY].itertuples(index=False, name=None), statuses, strict=True))

    def cells(self) -> Cells:
        """Return every cell, in the order in which images and methods were first computed.

        Raises:
            ResultError: there is none yet, or a newer release has written some.
        """
        table = self._latest(SCHEMA.names)
        histograms = [
            np.asarray(table[side].combine_chunks().flatten()).reshape(-1, 256).astype(np.int64) for side in HISTOGRAMS
        ]
        return Cells(table.drop_columns(list(HISTOGRAMS)).to_pandas(), *histograms)

    def copy(self, folder: Path) -> None:
        """Write the manifest and every cell, in one part, into an empty or new `folder`.

        Raises:
            ResultError: there are no cells yet, or the folder holds no run.
        """
        manifest, table = self.manifest(), self._latest(SCHEMA.names)
        other = RunStore(folder)
        other.begin(manifest)
        other._write(table)

    def _latest(self, columns: list[str]) -> pa.Table:
        """Return columns of the last cell of each identity, where its first one stood."""
        if not self._files():
            raise ResultError(f"{self.folder} holds no results yet; run it to its end first")
        first = self._stored_manifest()["schema_version"]
        table = pa.concat_tables([self._read(file, columns, first) for file in self._files()])
        identity = table.select(IDENTITY).to_pandas()
        rows = identity.index.to_series().groupby([identity[key] for key in IDENTITY], sort=False).last()
        return table.take(rows.to_numpy())

    def _files(self) -> list[Path]:
        return sorted(self._parts.glob("*.parquet"), key=_place)

    def _read(self, file: Path, columns: list[str], first: int) -> pa.Table:
        """Read columns of one part; one that does not say its schema has that of the manifest, `first`."""
        with pq.ParquetFile(file) as part:
            stored = part.schema_arrow
            version = int((stored.metadata or {}).get(VERSION_KEY, first))
            self._check_version(version)
            if version == SCHEMA_VERSION and set(columns) <= set(stored.names):
                return part.read(columns).select(columns).replace_schema_metadata()
            return upgrade(part.read(), version).select(columns)

    def _write(self, table: pa.Table) -> None:
        files = self._files()
        number = _place(files[-1])[0] + 1 if files else 0
        versioned = table.replace_schema_metadata({VERSION_KEY: str(SCHEMA_VERSION)})
        with replacing(self._parts / f"{number:06}-{identifier()}.parquet") as temporary:
            pq.write_table(versioned, temporary, compression="zstd")

    def _stored_manifest(self) -> dict[str, Any]:
        path = self.folder / MANIFEST
        if not path.is_file():
            raise ResultError(f"{self.folder} holds no run: there is no {MANIFEST}")
        manifest: dict[str, Any] = json.loads(path.read_text())
        self._check_version(manifest["schema_version"])
        return manifest

    def _check_version(self, version: int) -> None:
        if version > SCHEMA_VERSION:
            raise ResultError(
                f"{self.folder} has schema {version}, this release reads up to {SCHEMA_VERSION}: upgrade cam-bench"
            )


def _place(part: Path) -> tuple[int, str]:
    """Return the place of a part among the others: its number, then its identifier, which is empty up to schema 2."""
    number, _, rest = part.stem.partition("-")
    return int(number), rest
