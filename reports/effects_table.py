"""What each part of a method is worth: the table of main effects, and a picture of what they are means of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from rich.table import Table
from rich.text import Text

from reports.saving import save
from results.metrics.thresholds import ThresholdPolicy
from results.store.run_store import RunStore
from results.studies.effects import Effect, Effects, Interaction, effects
from results.studies.factorial import FACTORS, Levels

NAMES = {"rule": "Rule", "layers": "Layers", "weighting": "Weighting", "fuse": "Fusing"}
HEADINGS = ("Factor", "Level", "Mean IoU", "Difference [95 %]")
MEAN, SINGLE = "#0072B2", "0.75"
"""Colours of means and of single methods; they differ in lightness too."""
LEVEL_WIDTH, LETTER_WIDTH, HEIGHT = 0.8, 0.075, 3.6
"""Of a level at least, of each letter of its name, and of the picture, in inches."""
DPI = 110


def effects_of(folder: Path, policy: ThresholdPolicy, specs: list[str]) -> Effects | None:
    """Return the main effects among some methods of the run in `folder`, None where they hold no full product.

    Args:
        folder: of the run.
        policy: how thresholds are chosen.
        specs: short texts of the methods.

    Raises:
        ResultError: the folder holds no run, or the policy needs what the run does not have.
    """
    cells = RunStore(folder).cells()
    return effects(cells.where(cells.frame["spec"].isin(specs)), policy)


def terminal(found: Effects) -> Table:
    """Return the table for a terminal; it fits 100 columns."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number > 1 else "left")
    for row in found.rows:
        factor, level, mean, change = _texts(row)
        table.add_row(factor, level, mean, Text(change, "bold" if _is_bold(found, row) else ""))
    return table


def markdown(found: Effects) -> str:
    """Return the table and its notes as Markdown."""
    rows = [list(HEADINGS), ["---", "---", "---:", "---:"]]
    for row in found.rows:
        factor, level, mean, change = _texts(row)
        rows.append([factor, f"`{level}`", mean, f"**{change}**" if _is_bold(found, row) else change])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([table, *notes(found)]) + "\n"


def notes(found: Effects) -> list[str]:
    """Return the lines under the table: what is averaged over what, and how sure it is."""
    methods = len({one.spec for one in found.combinations})
    delta = "" if found.delta is None else f" at δ = {found.delta:g}"
    protocol = (
        f"Main effects in a full product of {methods} methods{delta}. In percent: the pooled IoU of each level is the "
        "mean over all combinations of the other factors; differences, in percentage points, are to the factor's first "
        f"level. Threshold {found.policy}."
    )
    lines = [protocol]
    if any(row.factor == "fuse" for row in found.rows) and not all(one.fused for one in found.combinations):
        lines.append(
            "Ways of fusing are compared within several layers only: with one layer there is nothing to fuse, and it "
            "stands for every way of fusing in the other means."
        )
    if found.items > 1:
        lines.append(
            f"Intervals: bootstrap over the {found.items} physical items with a defect, all methods on the same "
            "resamples, not corrected for their number. Bold: the interval excludes 0."
        )
    else:
        lines.append("No intervals: the defects are all on one physical item.")
    if found.interaction:
        lines.append(_largest_interaction(found, found.interaction))
    return lines


def as_rows(found: Effects) -> list[dict[str, Any]]:
    """Return the table for a program, in IoU and not in percent; what is undefined is None."""
    return [
        {
            "factor": row.factor,
            "level": row.level,
            "iou": row.iou,
            "difference": row.difference,
            "interval": row.interval and list(row.interval),
        }
        for row in found.rows
    ]


def draw(found: Effects, target: Path) -> None:
    """Draw a panel a factor as the PNG file `target`.

    Each panel shows the mean IoU of each level, and behind it every single method; a line joins the methods that differ
    in this factor alone, so that lines which are not parallel show an interaction.
    """
    levels: dict[str, list[str]] = {}
    for row in found.rows:
        levels.setdefault(row.factor, []).append(row.level)
    widths = [len(own) * max(LEVEL_WIDTH, LETTER_WIDTH * max(map(len, own))) for own in levels.values()]
    figure, axes = plt.subplots(
        1, len(levels), figsize=(sum(widths) + 1, HEIGHT), sharey=True, width_ratios=widths, layout="constrained"
    )
    for axis, factor in zip(axes, levels, strict=True):
        _panel(axis, found, factor)
    axes[0].set_ylabel("pooled IoU in %")
    shown = {"single methods": SINGLE, "mean over the other factors": MEAN}
    handles = [Line2D([], [], color=colour, marker="o") for colour in shown.values()]
    figure.legend(handles, list(shown), loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    save(figure, target, DPI)


def _panel(axis: Any, found: Effects, factor: str) -> None:
    rows = [row for row in found.rows if row.factor == factor]
    levels = [row.level for row in rows]
    own = FACTORS.index(factor)
    lines: dict[Levels, dict[str, float]] = {}
    for one in found.combinations:
        if one.fused or factor != "fuse":
            others = one.levels[:own] + one.levels[own + 1 :]
            lines.setdefault(others, {})[one.levels[own]] = 100 * one.iou
    for line in lines.values():
        axis.plot([line[level] for level in levels], color=SINGLE, linewidth=0.8, marker="o", markersize=2.5)
    means = [100 * row.iou for row in rows]
    axis.plot(means, color=MEAN, linewidth=2, marker="o", markersize=8, markeredgecolor="white")
    for place, mean in enumerate(means):
        text = axis.annotate(f"{mean:.1f}", (place, mean), (0, 9), textcoords="offset points", ha="center", fontsize=8)
        text.set_path_effects([withStroke(linewidth=3, foreground="white")])
    axis.set_title(NAMES[factor], fontsize=10)
    axis.set_xticks(range(len(levels)), levels, fontsize=8)
    axis.set_xlim(-0.5, len(levels) - 0.5)
    axis.spines[["top", "right"]].set_visible(False)


def _largest_interaction(found: Effects, interaction: Interaction) -> str:
    first = {row.factor: row.level for row in found.rows if row.difference is None}
    (one, its_level), (other, other_level) = interaction.levels.items()
    points = 100 * interaction.value
    return (
        f"Largest two-way interaction: the difference of {its_level} to {first[one]} is {abs(points):.2f} percentage "
        f"points {'lower' if points < 0 else 'higher'} with {other_level} than with {first[other]}. Where it is large, "
        "the means hide what the table of single methods shows."
    )


def _texts(row: Effect) -> tuple[str, str, str, str]:
    change = "" if row.difference is None else f"{100 * row.difference:+.2f}"
    if row.interval:
        low, high = row.interval
        change += f" [{100 * low:+.2f}, {100 * high:+.2f}]"
    return (NAMES[row.factor] if row.difference is None else ""), row.level, f"{100 * row.iou:.2f}", change


def _is_bold(found: Effects, row: Effect) -> bool:
    """Tell whether the interval excludes 0; what was chosen on the test masks is no result and never bold."""
    result = found.policy.supervision != "masks of test"
    return result and row.interval is not None and not row.interval[0] <= 0 <= row.interval[1]
