"""The scores of a run under one threshold policy, with the protocol and the papers' numbers beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.protocol import protocol
from results.metrics.formulas import METRICS
from results.metrics.scoring import Row, equal_rows, score_rows
from results.metrics.thresholds import ThresholdPolicy
from results.store.manifest import Manifest
from results.store.published import published
from results.store.run_store import RunStore


@dataclass(frozen=True)
class Summary:
    """A run under one threshold policy.

    Attributes:
        folder: of the run.
        manifest: of the run.
        policy: how thresholds were chosen.
        rows: one for each method.
        equal: groups of methods whose heatmaps are equal.
        published: the papers' IoU in percent, by spec.
        published_setting: heading of the papers' numbers, which names their setting where it is another one.
    """

    folder: Path
    manifest: Manifest
    policy: ThresholdPolicy
    rows: tuple[Row, ...]
    equal: tuple[tuple[str, ...], ...]
    published: dict[str, float]
    published_setting: str

    @property
    def protocol(self) -> str:
        """One sentence that says how the numbers were obtained."""
        scored = max((row.images for row in self.rows), default=0)
        chosen = "chosen " if self.manifest.images else ""
        return protocol(self.manifest, self.policy, f"the defective images among {scored} {chosen}test images")

    def as_json(self) -> dict[str, Any]:
        """Return everything for a program, with every metric in `METRICS`; undefined values are None."""
        return {
            "run": str(self.folder),
            "protocol": self.protocol,
            "threshold": str(self.policy),
            "rows": [
                {
                    "method": row.spec,
                    "chance": row.chance,
                    "applicable": row.applicable,
                    "images": row.images,
                    "empty": row.empty,
                    "empty_defective": row.empty_defective,
                    "constant": row.constant,
                    "constant_defective": row.constant_defective,
                    "failed": row.failed,
                    "failed_defective": row.failed_defective,
                    "unread": row.unread,
                    "unmasked": row.unmasked,
                    "reason": row.reason,
                    "noted": row.noted,
                    "note": row.note,
                    "remark": row.remark,
                    "supervision": row.supervision,
                    "dominant_layer": row.dominant,
                    **{name: _defined(row.mean[name]) for name in METRICS},
                    "spread": row.spread and {name: _defined(row.spread[name]) for name in METRICS},
                    "published_iou": self.published.get(row.spec),
                }
                for row in self.rows
            ],
            "equal": [list(group) for group in self.equal],
        }


def summarise(folder: Path, policy: ThresholdPolicy, specs: list[str] | None = None) -> Summary:
    """Score the run in `folder`.

    Args:
        folder: of the run.
        policy: how thresholds are chosen.
        specs: short texts of the methods to show, in this order; by default all, chance-level methods last.

    Raises:
        ResultError: the folder holds no run, or the policy needs what the run does not have.
    """
    store = RunStore(folder)
    manifest, cells = store.manifest(), store.cells()
    order = specs or list(cells.frame.sort_values("chance", kind="stable")["spec"].drop_duplicates())
    cells = cells.where(cells.frame["spec"].isin(order))
    rows = sorted(score_rows(cells, policy), key=lambda row: order.index(row.spec))
    numbers = published(manifest.dataset)
    numbers = numbers[(numbers["metric"] == "iou") & (numbers["spec"] != "")].drop_duplicates("spec")
    same = numbers["network"].eq(manifest.network.name) & (
        numbers["height"].eq(manifest.size[0]) & numbers["width"].eq(manifest.size[1])
    ).fillna(False)
    setting = "published" if len(numbers) and same.all() else "published (VGG16, other split)"
    return Summary(
        folder=folder,
        manifest=manifest,
        policy=policy,
        rows=tuple(rows),
        equal=tuple(equal_rows(cells)),
        published=dict(zip(numbers["spec"], numbers["corrected"], strict=True)),
        published_setting=setting,
    )


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
