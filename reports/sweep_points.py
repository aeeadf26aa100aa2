"""The points of a sweep over δ as a CSV file: written when the sweep is made, read by the page of its run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from results.studies.sweeps import Curve, Estimate, Sweep

POINTS = "sweep.csv"
"""Name of the file, in the folder of the run."""
ESTIMATE = ("iou", "low", "high", "images", "items", "failed")
"""Columns of a point: the fields of `Estimate`."""


def points_table(sweep: Sweep) -> pd.DataFrame:
    """Return a row for each δ of each curve, IoU and its interval in [0, 1]."""
    return pd.DataFrame(
        {
            "family": curve.family,
            "split": curve.split,
            "delta": delta,
            **{name: getattr(point, name) for name in ESTIMATE},
        }
        for curve in sweep.curves
        for delta, point in curve.points.items()
    )


def read_points(path: Path) -> list[Curve]:
    """Return the curves whose points `points_table` has written to a CSV file."""
    return [
        Curve(
            str(family),
            str(split),
            {one["delta"]: Estimate(*(one[name] for name in ESTIMATE)) for one in rows.to_dict("records")},
        )
        for (family, split), rows in pd.read_csv(path).groupby(["family", "split"], sort=False)
    ]
