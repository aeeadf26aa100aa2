"""Tables of baselines: a list of all, and one method over them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from reports.formatting import bracketed, percent
from reports.grid import Column, Grid
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
OVERVIEW = (
    Column("Name"), Column("Dataset"), Column("Network"), Column("Folds", right=True), Column("Seeds", right=True),
    Column("Methods", right=True), Column("Classifier"), Column("Made"), Column("MB", right=True),
)  # fmt: skip
HISTORY = (
    Column("Made", wrap="nowhere"), Column("Baseline", wrap="nowhere"), Column("Setting"),
    Column("IoU [95 %]", right=True, wrap="nowhere"), Column("Items", right=True, wrap="nowhere"),
    *(Column(heading, wrap="nowhere") for heading in ("Version", "torch", "Commit")),
)  # fmt: skip


def overview(runs: Mapping[str, Path]) -> Table:
    """Return a table of baselines, by name; it fits 100 columns."""
    return Grid(OVERVIEW, [_baseline(name, folder) for name, folder in runs.items()]).terminal()


def history(runs: Mapping[str, Path], spec: str) -> Table:
    """Return a table of one method over baselines, the oldest first: IoU in percent with its interval over items.

    Raises:
        ResultError: no baseline has the method.
    """
    dated = sorted((RunStore(folder).manifest().started, name) for name, folder in runs.items())
    rows = [row for _, name in dated if (row := _scored(name, RunStore(runs[name]), spec))]
    if not rows:
        raise ResultError(f"no baseline has {spec}; the baselines are {', '.join(runs)}")
    return Grid(HISTORY, rows).terminal()


def origin(manifest: Manifest) -> str:
    """Return one sentence on when, where and with which versions a run was made."""
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    changed = " with changes" if manifest.dirty else ""
    return f"Made {manifest.started[:10]} on {manifest.device} at {manifest.commit[:7]}{changed}: {versions}."


def _baseline(name: str, folder: Path) -> list[str]:
    store = RunStore(folder)
    manifest, network = store.manifest(), store.manifest().network
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return [
        name,
        f"{manifest.called} {'x'.join(map(str, manifest.size))}",
        f"{network.name} {network.head}",
        str(manifest.folds or ""),
        str(manifest.seeds),
        str(store.cells().frame["spec"].nunique()),
        "kept" if (folder / CLASSIFIERS).is_dir() else "",
        manifest.started[:10],
        f"{size / 1e6:.1f}",
    ]


def _scored(name: str, store: RunStore, spec: str) -> list[str]:
    """Return a row of the history; nothing if the baseline does not have the method."""
    cells, manifest = store.cells(), store.manifest()
    cells = cells.where(cells.frame["spec"] == spec)
    counts = counted(cells, POLICY)
    if counts.empty:
        return []
    whole = paired(counts, counts)
    (row,) = score_rows(cells, POLICY)
    value = percent(row.mean["iou"], spread=row.spread["iou"] if row.spread else None)
    network, versions = manifest.network, manifest.versions
    return [
        manifest.started[:10],
        name,
        f"{manifest.called}, {network.name} {network.head}",
        f"{value} {bracketed(interval(whole.first, iou), 1)}".rstrip(),
        str(len(whole.items)),
        versions["cam-bench"],
        versions["torch"],
        manifest.commit[:7] + ("*" if manifest.dirty else ""),
    ]
