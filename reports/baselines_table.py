"""Baselines: what there is, and one method over them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from results.errors import ResultError
from results.metrics.formulas import iou
from results.metrics.scoring import score_rows
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.bootstrap import interval
from results.statistics.pairing import counted, paired
from results.store.baselines import CLASSIFIERS
from results.store.manifest import Manifest
from results.store.run_store import RunStore

POLICY = ThresholdPolicy("otsu")


def overview(runs: Mapping[str, Path]) -> Table:
    """Return a table of baselines, by name; it fits 100 columns."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Name", "Dataset", "Network", "Folds", "Seeds", "Methods", "Classifier", "Made", "MB"):
        table.add_column(heading, justify="right" if heading in ("Folds", "Seeds", "Methods", "MB") else "left")
    for name, folder in runs.items():
        store = RunStore(folder)
        manifest, network = store.manifest(), store.manifest().network
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        table.add_row(
            name,
            f"{manifest.dataset} {'x'.join(map(str, manifest.size))}",
            f"{network.name} {network.head}",
            str(manifest.folds or ""),
            str(manifest.seeds),
            str(store.cells().frame["spec"].nunique()),
            "kept" if (folder / CLASSIFIERS).is_dir() else "",
            manifest.started[:10],
            f"{size / 1e6:.1f}",
        )
    return table


def history(runs: Mapping[str, Path], spec: str) -> Table:
    """Return a table of one method over baselines, the oldest first: IoU in percent with its interval over items.

    Raises:
        ResultError: none of them has the method.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("Made", "Run", "On", "IoU [95 %]", "Items", "Version", "torch", "Commit"):
        right = heading in ("IoU [95 %]", "Items")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "On")
    dated = sorted((RunStore(folder).manifest().started, name) for name, folder in runs.items())
    for _, name in dated:
        line = _line(name, RunStore(runs[name]), spec)
        if line:
            table.add_row(*line)
    if not table.row_count:
        raise ResultError(f"no baseline has {spec}; kept are {', '.join(runs)}")
    return table


def origin(manifest: Manifest) -> str:
    """Say what a run was made with."""
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    changed = ", changed since" if manifest.dirty else ""
    return f"Made {manifest.started[:10]} on {manifest.device} at {manifest.commit[:7]}{changed}: {versions}."


def _line(name: str, store: RunStore, spec: str) -> list[str]:
    """Return a row of the history; nothing if the run does not have the method."""
    cells, manifest = store.cells(), store.manifest()
    cells = cells.where(cells.frame["spec"] == spec)
    marked = counted(cells, POLICY)
    if marked.empty:
        return []
    whole = paired(marked, marked)
    low, high = (100 * end for end in interval(whole.first, iou))
    (row,) = score_rows(cells, POLICY)
    spread = f" ±{100 * row.spread['iou']:.2f}" if row.spread else ""
    ends = "" if math.isnan(low) else f" [{low:.1f}, {high:.1f}]"
    network, versions = manifest.network, manifest.versions
    return [
        manifest.started[:10],
        name,
        f"{manifest.dataset}, {network.name} {network.head}",
        f"{100 * row.mean['iou']:.2f}{spread}{ends}",
        str(len(whole.items)),
        versions["cam-bench"],
        versions["torch"],
        manifest.commit[:7] + ("*" if manifest.dirty else ""),
    ]
