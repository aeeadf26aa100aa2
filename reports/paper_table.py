"""The table of a run for a paper: LaTeX with booktabs, and CSV with every metric."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from reports.methods_table import COLUMNS, UNDEFINED, headings, notes, place
from reports.summary import Summary
from results.metrics.formulas import METRICS

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "δ": r"$\delta$", "±": r"$\pm$", "≥": r"$\geq$", "–": "--", "·": r"$\cdot$", "×": r"$\times$",
}  # fmt: skip
UNKNOWN = "?"
"""Stands for a letter that plain LaTeX does not know."""
PLACES = {1: r"\textbf{%s}", 2: r"\underline{%s}"}
"""How the best number of a column is set, and the second one."""

Intervals = Mapping[str, tuple[float, float]]
"""Both ends of the 95 % interval of the IoU, in [0, 1], by method."""


def latex(summary: Summary, intervals: Intervals) -> str:
    """Return the table as LaTeX for the package booktabs: best in bold, second underlined, the protocol as caption.

    Args:
        summary: of a run.
        intervals: of its methods; where one is unknown the cell is empty.
    """
    method, first, *others = headings(summary)
    heads = [method, first, "95 %", *others]
    ranked = any(place(summary, row, name) for row in summary.rows for name in COLUMNS)
    caption = notes(summary)[0] + (" Best in bold, second underlined." if ranked else "")
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        r"\begin{tabular}{l" + "r" * (len(heads) - 1) + "}",
        r"\toprule",
        " & ".join(map(escaped, heads)) + r" \\",
        r"\midrule",
    ]
    for row in summary.rows:
        number, *numbers = (_set(summary, row.spec, name) for name in COLUMNS)
        low, high = intervals.get(row.spec, (math.nan, math.nan))
        between = "" if math.isnan(low) else f"[{100 * low:.2f}, {100 * high:.2f}]"
        cells = [rf"\texttt{{{escaped(row.spec)}}}", number, f"{{{between}}}", *numbers]
        cells.append(row.supervision.removeprefix("masks of "))
        if summary.published:
            cells.append(f"{summary.published[row.spec]:.2f}" if row.spec in summary.published else "")
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def csv(summary: Summary, intervals: Intervals) -> str:
    """Return every metric of every method as CSV, in [0, 1]; what is undefined is empty.

    Args:
        summary: of a run.
        intervals: of its methods.
    """
    rows = []
    for row in summary.rows:
        low, high = intervals.get(row.spec, (math.nan, math.nan))
        numbers = {name: row.mean[name] for name in METRICS}
        spread = {f"{name}_spread": row.spread[name] for name in METRICS} if row.spread else {}
        published = summary.published.get(row.spec, math.nan) / 100
        facts = {"supervision": row.supervision, "images": row.images}
        facts |= {"empty": row.empty, "constant": row.constant, "failed": row.failed}
        interval = {"iou_low": low, "iou_high": high, "iou_published": published}
        rows.append({"method": row.spec, "chance": row.chance} | numbers | spread | interval | facts)
    return pd.DataFrame(rows).to_csv(index=False)


def escaped(text: str) -> str:
    """Return `text` as LaTeX shows it."""
    known = (_SPECIAL.get(letter, letter) for letter in text)
    return "".join(letter if letter.isascii() else UNKNOWN for letter in known)


def _set(summary: Summary, spec: str, name: str) -> str:
    """Set one number in percent."""
    row = next(row for row in summary.rows if row.spec == spec)
    value = row.mean[name]
    if math.isnan(value):
        return escaped(UNDEFINED)
    text = PLACES.get(place(summary, row, name), "%s") % f"{100 * value:.2f}"
    return text + (rf" $\pm$ {100 * row.spread[name]:.2f}" if row.spread else "")
