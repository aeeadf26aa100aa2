"""The tables and texts of the page, as its template takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.formatting import UNDEFINED, counted, masks_read, number, percent
from reports.methods_table import COLUMNS, place
from reports.page.page_data import PageData
from results.metrics.formulas import METRICS
from results.metrics.scoring import Row
from results.status import Status
from results.store.manifest import Manifest


@dataclass(frozen=True)
class PageColumn:
    """A column of the page's table: its key, its heading, what it means, and whether it is shown at first."""

    key: str
    heading: str
    meaning: str
    shown: bool


@dataclass(frozen=True)
class Entry:
    """An entry of the page's table: its text, what it is sorted by ("" comes last), and whether it is the best."""

    text: str
    value: str = ""
    best: bool = False


def facts(manifest: Manifest) -> list[tuple[str, str]]:
    """Return what the run is, as pairs of a name and a text."""
    network, (height, width) = manifest.network, manifest.size
    changed = " with changes" if manifest.dirty else ""
    split = f"{manifest.folds} folds by item" if manifest.folds else "one split by item"
    known = {
        "Dataset": manifest.called,
        "Fingerprint of the data": manifest.dataset_fingerprint,
        "Input": f"{height}x{width} pixels",
        "Split": f"{split}, {counted(manifest.seeds, 'seed')}",
        "Network": f"{network.name}, {network.head} head, {network.activation}",
        "Weights before training": manifest.weights,
        "Target": manifest.target,
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
        numbers = (number(value, 3) for value in (one.test.accuracy, one.test.average_precision, one.test.auroc))
        rows.append((name.removesuffix(".safetensors"), *numbers, str(one.test.confusion)))
    return rows


def columns(data: PageData) -> list[PageColumn]:
    """Return the columns of the table after the method's name; every metric has one."""
    iou, *others = (_metric(name, shown=True) for name in COLUMNS)
    interval = "95 % interval of the IoU: BCa bootstrap over physical items with a defect"
    found = [iou, PageColumn("interval", "IoU 95 %", interval, shown=True), *others]
    if data.summary.published:
        setting = data.summary.published_setting
        found.append(PageColumn("published", f"IoU {setting}", "The paper's IoU in percent, corrected", shown=True))
        difference = "Measured IoU minus the published one, in percentage points"
        found.append(PageColumn("difference", "Difference", difference, shown=True))
    found += [_metric(name, shown=False) for name in METRICS if name not in COLUMNS]
    empty = "Images whose heatmap is zero everywhere, of all that were scored"
    found.append(PageColumn("empty", "Empty", empty, shown=True))
    failed = "Images whose heatmap is constant or failed, of all that were scored"
    found.append(PageColumn("failed", "Failed", failed, shown=True))
    found.append(PageColumn("masks", "Masks", "Split whose masks the threshold was chosen on", shown=False))
    return found


def _metric(name: str, *, shown: bool) -> PageColumn:
    return PageColumn(name, METRICS[name].label, METRICS[name].meaning, shown)


def rows(data: PageData, shown: list[PageColumn]) -> list[dict[str, Any]]:
    """Return the rows of the table: the method, whether the row is grey, and an entry for each column."""
    found = []
    for row in data.summary.rows:
        entries = _entries(data, row)
        grey = data.summary.policy.is_oracle or not row.applicable
        found.append({"method": row.spec, "grey": grey, "entries": [entries[column.key] for column in shown]})
    return found


def _entries(data: PageData, row: Row) -> dict[str, Entry]:
    summary = data.summary
    found = {name: _number(data, row, name) for name in METRICS}
    low, high = data.intervals.get(row.spec, (math.nan, math.nan))
    known = not math.isnan(low)
    found["interval"] = Entry(f"{percent(low)} to {percent(high)}", f"{low}") if known else Entry(UNDEFINED)
    published = summary.published.get(row.spec)
    difference = math.nan if published is None else 100 * row.mean["iou"] - published
    found["published"] = Entry("") if published is None else Entry(f"{published:.2f}", f"{published}")
    found["difference"] = Entry("") if math.isnan(difference) else Entry(f"{difference:+.2f}", f"{difference}")
    for name, count in {"empty": row.empty, "failed": row.constant + row.failed}.items():
        found[name] = Entry(f"{count} of {row.images}", f"{count}") if row.images else Entry(UNDEFINED)
    found["masks"] = Entry(masks_read(row.supervision), row.supervision)
    return found


def _number(data: PageData, row: Row, name: str) -> Entry:
    value = row.mean[name]
    text = percent(value, spread=row.spread[name] if row.spread else None)
    return Entry(text, "" if math.isnan(value) else f"{value}", place(data.summary, row, name) == 1)


def statuses(data: PageData) -> Iterator[tuple[str, str, int, str]]:
    """Yield method, status, number of images and the first reason, of all heatmaps that are not ok or have a note."""
    frame = data.cells.frame
    tested = frame[(frame["split"] == "test") & ((frame["status"] != Status.OK) | (frame["reason"] != ""))]
    order = {row.spec: number for number, row in enumerate(data.summary.rows)}
    groups: list[tuple[Any, pd.DataFrame]] = list(tested.groupby(["spec", "status"], sort=False))
    for (spec, status), own in sorted(groups, key=lambda group: order[group[0][0]]):
        reasons = own["reason"][own["reason"] != ""]
        word = "ok, with a note" if status == Status.OK else status
        yield str(spec), word, int(own["image"].nunique()), str(reasons.iloc[0]) if len(reasons) else ""
