"""The full tables of the baselines."""

from __future__ import annotations

from pathlib import Path

from docs.generating.writing import write_page
from reports.methods_table import markdown
from reports.summary import summarise
from results.metrics.thresholds import ThresholdPolicy
from results.store.baselines import SHIPPED


def write_results(folder: Path) -> None:
    """Write the page with a table for each baseline of the suite."""
    kept = [path.parent for path in sorted(SHIPPED.glob("*/manifest.json"))]
    tables = {path.name: markdown(summarise(path, ThresholdPolicy("otsu"))) for path in kept}
    write_page(folder / "results.md", "results.md", tables=tables)
