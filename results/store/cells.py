"""Cells: what one method gave on one image with one classifier, one by one and as arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, TypedDict, get_args, get_origin, get_type_hints, is_typeddict

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from results.status import Status

IDENTITY = ["fold", "seed", "split", "image", "spec"]
"""The columns that tell one cell of a run from all others."""
HISTOGRAMS = ("defect", "other")
GOOD = "good"
"""The label of images without a defect, as in the sample tables of `datasets`."""

Float32 = Annotated[float, pa.float32()]
Histogram = Annotated[NDArray[np.int64], pa.list_(pa.int32(), 256)]


class Rule(TypedDict):
    """A gradient rule of a method, and its δ in percent."""

    rule: str
    delta: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One method on one image with one classifier.

    A run's Parquet files have a column for each field. A field that is added later has a default, which is its value in
    the cells of older runs.

    Attributes:
        fold, seed: of the classifier.
        split: of the image: ``test``, ``val`` where thresholds are tuned, ``train`` where readings are compared.
        image, group, label: its id, physical item and class in the sample table.
        predicted: the class that the classifier predicts; empty where it could not be run.
        spec: the method's short text; `name`, `layers`, `fuse`, `rules`, `options` (JSON) and `wrapper` are its fields.
        chance: the method knows nothing of the defect: a floor for the others.
        status: what came of it.
        reason: why there is no map; where there is one, what its reader has to know of it, in most cases nothing.
        deviation: of a method whose values must add up to the class score, and do not: by what share of the score they
            miss it; NaN elsewhere.
        unmasked: the image shows a defect, but its mask is not known, so no pixel is counted.
        minimum, maximum: of the raw map; NaN where there is none.
        layer_names, shares: the layers that were fused, and the share of each in the map's maximum.
        defect, other: (256,) pixels of each level on the defect and beside it; all 0 where no pixel is known.
        remark: how the method departs from its paper; empty where it does not.
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
    rules: list[Rule]
    options: str
    wrapper: str
    chance: bool
    status: Status
    reason: str
    deviation: float = math.nan
    unmasked: bool = False
    minimum: Float32
    maximum: Float32
    layer_names: list[str]
    shares: list[Float32]
    defect: Histogram
    other: Histogram
    remark: str = ""


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


def schema_of(record: type) -> pa.Schema:
    """Return the Arrow schema of a dataclass: a field for each of its own, of the type that its annotation says.

    >>> schema_of(Cell).field("rules").type
    ListType(list<item: struct<rule: string, delta: double>>)
    """
    hints = get_type_hints(record, include_extras=True)
    return pa.schema([(name, _arrow_type(hint)) for name, hint in hints.items()])


def _arrow_type(hint: type) -> pa.DataType:
    if get_origin(hint) is Annotated:
        return get_args(hint)[1]
    if get_origin(hint) is list:
        return pa.list_(_arrow_type(*get_args(hint)))
    if is_typeddict(hint):
        return pa.struct([(name, _arrow_type(inner)) for name, inner in get_type_hints(hint).items()])
    known = {bool: pa.bool_(), int: pa.int32(), float: pa.float64(), str: pa.string()}
    return next(arrow for python, arrow in known.items() if issubclass(hint, python))
