"""The words and tables of the page, as the template takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.methods_table import UNDEFINED, place
from reports.page.page_data import Material
from results.metrics.formulas import METRICS
from results.metrics.scoring import Row
from results.status import Status
from results.store.manifest import Manifest


@dataclass(frozen=True)
class Column:
    """A column of the page's table: its key, heading, what it means, and whether it is shown at first."""

    key: str
    heading: str
    meaning: str
    shown: bool


@dataclass(frozen=True)
class Entry:
    """An entry of the page's table: its text, what it is sorted by ("" is last), and whether none is better."""

    text: str
    value: str = ""
    best: bool = False


def facts(manifest: Manifest) -> list[tuple[str, str]]:
    """Return what the run is, as pairs of a name and a text."""
    network, (height, width) = manifest.network, manifest.size
    changed = ", changed since" if manifest.dirty else ""
    split = f"{manifest.folds} folds by item" if manifest.folds else "one split by item"
    known = {
        "Dataset": manifest.dataset,
        "Fingerprint of the data": manifest.dataset_fingerprint,
        "Input": f"{height}x{width} pixels",
        "Split": f"{split}, {manifest.seeds} seed(s)",
        "Network": f"{network.name}, {network.head} head, {network.activation}",
        "Weights before training": manifest.weights,
        "Explained": f"target {manifest.target}",
        "Started": manifest.started,
        "Device": manifest.device,
        "Commit": f"{manifest.commit}{changed}" if manifest.commit else "",
        "Environment": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    }
    return [(name, text) for name, text in known.items() if text]


def classifiers(manifest: Manifest) -> list[tuple[str, ...]]:
    """Return a row for each classifier: name, accuracy, average precision, AUROC and confusion on its test split."""
    rows = []
    for name, one in manifest.classifiers.items():
        numbers = (one.test.accuracy, one.test.average_precision, one.test.auroc)
        texts = (UNDEFINED if number is None else f"{number:.3f}" for number in numbers)
        rows.append((name.removesuffix(".safetensors"), *texts, str(one.test.confusion)))
    return rows


def columns(material: Material) -> list[Column]:
    """Return the columns of the table behind the method's name."""
    first = ("iou", "precision", "recall", "f1", "false_positive_area")
    found = [Column(name, METRICS[name].label, meaning(name), shown=True) for name in first]
    interval = "95 % interval of the IoU: BCa bootstrap over physical items with a defect"
    found.insert(1, Column("interval", "IoU 95 %", interval, shown=True))
    if material.summary.published:
        setting = material.summary.published_setting
        found.append(Column("published", f"IoU {setting}", "The paper's IoU in percent, corrected", shown=True))
        found.append(Column("difference", "Difference", "Measured IoU less the published one, in points", shown=True))
    found += [Column(name, METRICS[name].label, meaning(name), shown=False) for name in METRICS if name not in first]
    found.append(Column("empty", "Empty", "Images whose map shows no evidence of a defect, of all scored", shown=True))
    found.append(Column("failed", "Failed", "Images whose map failed or is constant, of all scored", shown=True))
    found.append(Column("masks", "Masks", "What masks the threshold was chosen on", shown=False))
    return found


def meaning(name: str) -> str:
    """Return the first sentence of a metric's docstring."""
    return " ".join((METRICS[name].formula.__doc__ or "").split())


def rows(material: Material, shown: list[Column]) -> list[dict[str, Any]]:
    """Return the rows of the table: the method, whether it is of chance or grey, and an entry a column."""
    oracle = material.summary.policy.supervision == "masks of test"
    found = []
    for row in material.summary.rows:
        entries = _entries(material, row)
        grey = oracle or not row.applicable
        found.append({"method": row.spec, "grey": grey, "entries": [entries[column.key] for column in shown]})
    return found


def _entries(material: Material, row: Row) -> dict[str, Entry]:
    summary = material.summary
    found = {
        name: _number(row.mean[name], row.spread[name] if row.spread else None, best=place(summary, row, name) == 1)
        for name in METRICS
    }
    low, high = material.intervals.get(row.spec, (math.nan, math.nan))
    known = not math.isnan(low)
    found["interval"] = Entry(f"{100 * low:.2f} to {100 * high:.2f}", f"{low}") if known else Entry(UNDEFINED)
    published = summary.published.get(row.spec)
    away = math.nan if published is None else 100 * row.mean["iou"] - published
    found["published"] = Entry("") if published is None else Entry(f"{published:.2f}", f"{published}")
    found["difference"] = Entry("") if math.isnan(away) else Entry(f"{away:+.2f}", f"{away}")
    failed = row.failed + row.constant
    found["failed"] = Entry(f"{failed} of {row.images}", f"{failed}") if row.images else Entry(UNDEFINED)
    found["empty"] = Entry(f"{row.empty} of {row.images}", f"{row.empty}") if row.images else Entry(UNDEFINED)
    found["masks"] = Entry(row.supervision.removeprefix("masks of "), row.supervision)
    return found


def _number(value: float, spread: float | None, *, best: bool) -> Entry:
    if math.isnan(value):
        return Entry(UNDEFINED)
    return Entry(f"{100 * value:.2f}" + (f" ±{100 * spread:.2f}" if spread is not None else ""), f"{value}", best)


def statuses(material: Material) -> Iterator[tuple[str, str, int, str]]:
    """Yield method, status, images and the first reason, of whatever is not as it should be."""
    frame = material.cells.frame
    tested = frame[(frame["split"] == "test") & ((frame["status"] != Status.OK) | (frame["reason"] != ""))]
    order = {row.spec: number for number, row in enumerate(material.summary.rows)}
    groups: list[tuple[Any, pd.DataFrame]] = list(tested.groupby(["spec", "status"], sort=False))
    for (spec, status), own in sorted(groups, key=lambda group: order[group[0][0]]):
        said = own["reason"][own["reason"] != ""]
        word = "ok, with a note" if status == Status.OK else status
        yield str(spec), word, int(own["image"].nunique()), str(said.iloc[0]) if len(said) else ""
