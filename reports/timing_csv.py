"""Timings as a table for programs: a row for each workload under each set of conditions."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from results.scopes import SCOPES
from results.store.timings import Timing, Timings

LIBRARIES = ("pgc", "captum")
"""Prefixes of the libraries that the suite is compared with."""


def frame(timings: Timings) -> pd.DataFrame:
    """Return the table, in seconds and bytes, with machine and versions in every row."""
    machine = timings.machine
    facts = {
        "date": machine["date"],
        "processor": machine["gpu"]["name"] if "gpu" in machine else machine["processor"],
        "threads": machine["threads"],
        "torch": machine["versions"]["torch"],
    }
    return pd.DataFrame([_row(timings, one) | facts for one in timings.timings])


def _row(timings: Timings, one: Timing) -> dict[str, Any]:
    low, median, high = one.quartiles
    return {
        "spec": one.work,
        **vars(one.conditions),
        "samples": len(one.samples),
        "median_seconds": median,
        "first_quartile": low,
        "third_quartile": high,
        "multiple": timings.multiple(one),
        "multiple_of_rounds": one.in_bare_passes,
        "multiple_of_processors": one.cpu_in_bare_passes,
        **{f"{name.replace(' ', '_')}_seconds": one.scope(name) for name in SCOPES},
        "images_per_second": one.images_per_second,
        "peak_bytes": one.peak_bytes,
        "flops": one.flops,
        "share_of_peak": timings.share_of_peak(one),
        **{f"faster_than_{name}": timings.speed_up(one, name) for name in LIBRARIES},
        "relative_difference": one.deviation.relative if one.deviation else math.nan,
        "rank_correlation": one.deviation.correlation if one.deviation else math.nan,
        "reason": one.reason,
    }
