"""A run on disk: a manifest, and Parquet parts of cells.

A cell is what one method gave on one image with one classifier: the method field by field, a status, and the two
level histograms. Parts are written to a temporary name and renamed, so that a run which was cut off goes on
where it stopped; a later cell takes the place of an earlier one of the same identity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from results.errors import ResultError

SCHEMA_VERSION = 2
IDENTITY = ["fold", "seed", "split", "image", "spec"]
_HISTOGRAM = pa.list_(pa.int32(), 256)
_SCHEMA = pa.schema(
    [
        ("fold", pa.int32()),
        ("seed", pa.int32()),
        ("split", pa.string()),
        ("image", pa.string()),
        ("group", pa.string()),
        ("label", pa.string()),
        ("predicted", pa.string()),
        ("spec", pa.string()),
        ("name", pa.string()),
        ("layers", pa.string()),
        ("fuse", pa.string()),
        ("rules", pa.list_(pa.struct([("rule", pa.string()), ("delta", pa.float64())]))),
        ("options", pa.string()),
        ("wrapper", pa.string()),
        ("chance", pa.bool_()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("minimum", pa.float32()),
        ("maximum", pa.float32()),
        ("layer_names", pa.list_(pa.string())),
        ("shares", pa.list_(pa.float32())),
        ("defect", _HISTOGRAM),
        ("other", _HISTOGRAM),
    ]
)


@dataclass(frozen=True)
class Cell:
    """One method on one image with one classifier.

    Attributes:
        fold, seed: of the classifier.
        split: of the image: ``test``, or ``val`` where thresholds are tuned.
        image, group, label: of the sample table.
        predicted: the class that the classifier sees in the image; empty where it could not be run.
        spec: the method's short text; `name`, `layers`, `fuse`, `rules`, `options` (JSON) and `wrapper` are its fields.
        chance: the method knows nothing of the defect: a floor for the others.
        status: ``ok``, ``constant``, ``not finite``, ``failed`` or ``not applicable``.
        reason: why there is no map; where there is one, what a reader has to know of it, mostly nothing.
        minimum, maximum: of the raw map.
        layer_names, shares: what each layer gives of the fused map's maximum.
        defect, other: (256,) pixels of each level on the defect and beside it.
    """

    fold: int
    seed: int
    split: str
    image: str
    group: str
    label: str
    predicted: str
    spec: str
    name: str
    layers: str
    fuse: str
    rules: list[dict[str, Any]]
    options: str
    wrapper: str
    chance: bool
    status: str
    reason: str
    minimum: float
    maximum: float
    layer_names: list[str]
    shares: list[float]
    defect: NDArray[np.int64]
    other: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of a run as arrays.

    Attributes:
        frame: one row a cell, every field of `Cell` but the histograms.
        defect: (N, 256) int64.
        other: (N, 256) int64.
    """

    frame: pd.DataFrame
    defect: NDArray[np.int64]
    other: NDArray[np.int64]

    def where(self, rows: pd.Series[bool]) -> Cells:
        """Return the cells whose row of `rows` is true."""
        keep = rows.to_numpy()
        return Cells(self.frame[keep].reset_index(drop=True), self.defect[keep], self.other[keep])


class RunStore:
    """A run's folder: its manifest is read or written once, cells are appended in parts."""

    def __init__(self, folder: Path) -> None:
        """Name the folder of a run; nothing is read or written yet."""
        self.folder = folder
        self._parts = folder / "cells"

    def begin(self, manifest: dict[str, Any], identity: Iterable[str]) -> None:
        """Start the run, or go on with it if it has the same identity.

        Args:
            manifest: what the run is; JSON.
            identity: the keys of `manifest` in which a run has to agree with what is there already.

        Raises:
            ResultError: the folder holds another run; the message names the fields that differ.
        """
        self._parts.mkdir(parents=True, exist_ok=True)
        path = self.folder / "manifest.json"
        if path.is_file():
            there = self.manifest()
            differing = [key for key in identity if there.get(key) != manifest[key]]
            if differing:
                raise ResultError(
                    f"{self.folder} holds a run with another {' and '.join(differing)}; name another folder with --out"
                )
            return
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps(manifest | {"schema_version": SCHEMA_VERSION}, indent=2) + "\n")
        temporary.rename(path)

    def manifest(self) -> dict[str, Any]:
        """Return the manifest.

        Raises:
            ResultError: the folder holds no run, or one of another schema.
        """
        path = self.folder / "manifest.json"
        if not path.is_file():
            raise ResultError(f"{self.folder} holds no run: there is no manifest.json")
        manifest: dict[str, Any] = json.loads(path.read_text())
        if (schema := manifest["schema_version"]) != SCHEMA_VERSION:
            advice = "upgrade cam-bench" if schema > SCHEMA_VERSION else "make it again"
            raise ResultError(f"{self.folder} has schema {schema}, this version reads {SCHEMA_VERSION}: {advice}")
        return manifest

    def append(self, cells: list[Cell]) -> None:
        """Write `cells` as one part."""
        if not cells:
            return
        rows = [asdict(cell) | {"defect": cell.defect.tolist(), "other": cell.other.tolist()} for cell in cells]
        part = self._parts / f"{len(self._files()):06}.parquet"
        temporary = part.with_suffix(".part")
        pq.write_table(pa.Table.from_pylist(rows, _SCHEMA), temporary, compression="zstd")
        temporary.rename(part)

    def finished(self) -> dict[tuple[Any, ...], str]:
        """Return the status of each cell that need not be computed again, by identity: of all but the failed ones."""
        if not self._files():
            return {}
        frame = self._latest(self._read([*IDENTITY, "status"]).to_pandas())
        done = frame[frame["status"] != "failed"]
        return dict(zip(done[IDENTITY].itertuples(index=False, name=None), done["status"], strict=True))

    def cells(self) -> Cells:
        """Return every cell, in the order in which images and methods were first computed.

        Raises:
            ResultError: there is none yet.
        """
        if not self._files():
            raise ResultError(f"{self.folder} holds no results yet; run it to its end first")
        table = self._read()
        frame = table.drop_columns(["defect", "other"]).to_pandas()
        latest = self._latest(frame)
        histograms = [
            np.asarray(table[side].combine_chunks().flatten()).reshape(-1, 256)[latest.index].astype(np.int64)
            for side in ("defect", "other")
        ]
        return Cells(latest.reset_index(drop=True), *histograms)

    def copy(self, folder: Path) -> None:
        """Write the manifest and every cell, in one part, into an empty or new `folder`.

        Raises:
            ResultError: there are no cells yet, or the folder holds no run.
        """
        manifest, cells = self.manifest(), self.cells()
        other = RunStore(folder)
        other.begin(manifest, ())
        rows = [{str(key): value for key, value in row.items()} for row in cells.frame.to_dict("records")]
        histograms = zip(rows, cells.defect, cells.other, strict=True)
        other.append([Cell(**row, defect=defect, other=beside) for row, defect, beside in histograms])

    @staticmethod
    def _latest(frame: pd.DataFrame) -> pd.DataFrame:
        """Return the last row of each identity, where its first one stood."""
        rows = frame.index.to_series().groupby([frame[key] for key in IDENTITY], sort=False).last()
        return frame.loc[rows]

    def _files(self) -> list[Path]:
        return sorted(self._parts.glob("*.parquet"))

    def _read(self, columns: list[str] | None = None) -> pa.Table:
        return pa.concat_tables([pq.read_table(file, columns=columns) for file in self._files()])
