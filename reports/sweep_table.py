"""The table of a sweep over δ: the IoU on test images at the default δ, and at those chosen on the masks of a split."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.table import Table

from reports.formatting import UNDEFINED, bracketed, masks_read, percent
from reports.grid import GREY, Cell, Column, Grid
from reports.protocol import protocol, unscored
from results.store.manifest import Manifest
from results.studies.sweeps import Choice, Estimate, Sweep

COLUMNS = (
    Column("Method", wrap="nowhere"),
    *(Column(heading) for heading in ("δ chosen on", "δ", "Test IoU [95 %]", "Masks")),
)
CHOSEN_ON = {"default": "default", "train": "training", "val": "validation", "test": "test"}


def terminal(sweep: Sweep) -> Table:
    """Return the table for a terminal; a δ that was chosen on the masks of the test images is grey."""
    return _grid(sweep).terminal()


def markdown(sweep: Sweep, manifest: Manifest) -> str:
    """Return the table and its notes as Markdown."""
    return "\n\n".join([_grid(sweep).markdown(), *notes(sweep, manifest)]) + "\n"


def notes(sweep: Sweep, manifest: Manifest) -> list[str]:
    """Return the lines under the table: unit and protocol, and whatever a reader would not expect.

    Args:
        sweep: of one run.
        manifest: of the same run.
    """
    pooled = "the defective images; intervals: BCa bootstrap over items"
    lines = [f"In percent. {protocol(manifest, sweep.policy, pooled)}"]
    if any(" " in _deltas(choice) for choice in sweep.choices):
        lines.append("Several δ are those of the folds in their order; a slash separates seeds.")
    if any(choice.is_oracle for choice in sweep.choices):
        lines.append("A δ that was chosen on the masks of the test images is never a result.")
    if any(math.isnan(choice.test.iou) for choice in sweep.choices):
        lines.append(f"{UNDEFINED}: a fold has no defective image to choose δ on, or test images were not scored.")
    lines += [f"{family} is not applicable: {reason}." for family, reason in sweep.absent.items()]
    lines += _failures(sweep)
    lines += unscored(sweep.unread, sweep.unmasked)
    return lines


def _failures(sweep: Sweep) -> Iterator[str]:
    """Yield a line for each family with unusable heatmaps, with the worst δ of each split."""
    for family in dict.fromkeys(curve.family for curve in sweep.curves):
        worst = []
        for curve in sweep.curves:
            delta, point = max(curve.points.items(), key=lambda entry: entry[1].failed)
            if curve.family == family and point.failed:
                worst.append(f"{point.failed} of {point.images} {curve.split} images (at δ {delta:g})")
        if worst:
            yield f"{family}: no usable heatmap for up to {', '.join(worst)}; these count as empty predictions."


def _grid(sweep: Sweep) -> Grid:
    return Grid(COLUMNS, [_cells(choice) for choice in sweep.choices])


def _cells(choice: Choice) -> list[Cell]:
    colour = GREY if choice.is_oracle else ""
    texts = [CHOSEN_ON[choice.chosen_on], _deltas(choice), _estimated(choice.test), masks_read(choice.supervision)]
    return [Cell(choice.family, code=True, colour=colour), *(Cell(text, colour=colour) for text in texts)]


def _deltas(choice: Choice) -> str:
    """Return one δ where all are the same, else those of the folds, with a slash between seeds."""
    seeds = [[UNDEFINED if math.isnan(delta) else f"{delta:g}" for delta in folds] for folds in choice.deltas]
    different = {delta for folds in seeds for delta in folds}
    return different.pop() if len(different) == 1 else " / ".join(" ".join(folds) for folds in seeds)


def _estimated(estimate: Estimate) -> str:
    return f"{percent(estimate.iou)} {bracketed((estimate.low, estimate.high))}".rstrip()
