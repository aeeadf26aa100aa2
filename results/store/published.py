"""The numbers that papers print, kept as package data and looked up by method spec.

``published/papers.csv`` has a row for each paper and dataset: network, input size, test images. The numbers of each
paper are in a file of its own, in long format. A printed number is never changed; where the identities
F1 = 2PR / (P + R) and IoU = F1 / (2 - F1) show an error in print, the corrected number is beside it, with the reason.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pandas as pd

_NUMBERS = ("printed", "corrected")
_SIZES = ("height", "width", "test_defective", "test_defect_free")


def published(dataset: str) -> pd.DataFrame:
    """Return every published number of `dataset`; no rows where no paper prints any.

    Returns:
        One row a number: ``paper``, ``table``, ``dataset``, ``method`` as printed, ``spec`` (empty where no
        spec stands for it), ``metric`` (a name in `results.metrics.formulas.METRICS`), ``printed`` and ``corrected``
        in percent, ``source``, ``note``, and the setting: ``network``, ``height`` and ``width`` of the input
        in pixels (NA where the paper does not say).
    """
    rows = _numbers()
    chosen = rows[rows["dataset"] == dataset]
    setting = papers()[["paper", "dataset", "network", "height", "width"]]
    return chosen.merge(setting, on=["paper", "dataset"], how="left", validate="many_to_one")


def published_value(spec: str, dataset: str, metric: str) -> float | None:
    """Return the corrected number in percent, None where no paper prints one.

    Papers that print the same row agree once corrected, so the first is returned.

    Args:
        spec: method spec, spelt as in the data: aliases with their δ, such as ``ra-cam@50``.
        dataset: ``ksdd`` or ``ksdd2``.
        metric: a name in `results.metrics.formulas.METRICS`.
    """
    rows = _numbers()
    found = rows[(rows["spec"] == spec) & (rows["dataset"] == dataset) & (rows["metric"] == metric)]
    return float(found["corrected"].iloc[0]) if spec and len(found) else None


def papers() -> pd.DataFrame:
    """Return one row for each paper and dataset: citation, network, input size, test images, note."""
    table = _read("papers")
    table[list(_SIZES)] = table[list(_SIZES)].apply(pd.to_numeric).astype("Int64")
    return table


@cache
def _numbers() -> pd.DataFrame:
    table = pd.concat([_read(key) for key in papers()["paper"].unique()], ignore_index=True)
    return table.astype(dict.fromkeys(_NUMBERS, "float64"))


def _read(name: str) -> pd.DataFrame:
    """Read a packaged table as texts, empty ones included."""
    with (files("results") / "published" / f"{name}.csv").open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False)
