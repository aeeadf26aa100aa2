"""The table of a run for a paper, as LaTeX, and with every metric as CSV."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from reports.formatting import Interval, bracketed, masks_read, percent
from reports.methods_table import COLUMNS, headings, notes, place
from reports.summary import Summary
from results.metrics.formulas import METRICS
from results.metrics.scoring import Row

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "δ": r"$\delta$", "±": r"$\pm$", "≥": r"$\geq$", "–": "--", "·": r"$\cdot$", "×": r"$\times$",
}  # fmt: skip
UNKNOWN = "?"
"""Stands for a character that LaTeX without further packages does not know."""
PLACES = {1: r"\textbf{%s}", 2: r"\underline{%s}"}
"""How the best and the second-best number of a column are set."""
NONE = (math.nan, math.nan)

Intervals = Mapping[str, Interval]
"""The 95 % interval of the IoU, in [0, 1], by method."""


def latex(summary: Summary, intervals: Intervals) -> str:
    """Return the table as LaTeX for the package booktabs: best in bold, second underlined, the protocol as caption.

    Args:
        summary: of a run.
        intervals: of its methods; the cell is empty where there is none.
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
        *(" & ".join(_cells(summary, row, intervals.get(row.spec, NONE))) + r" \\" for row in summary.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def csv(summary: Summary, intervals: Intervals) -> str:
    """Return every metric of every method as CSV, in [0, 1]; what is undefined is empty.

    Args:
        summary: of a run.
        intervals: of its methods.
    """
    rows = []
    for row in summary.rows:
        low, high = intervals.get(row.spec, NONE)
        numbers = {name: row.mean[name] for name in METRICS}
        spread = {f"{name}_spread": row.spread[name] for name in METRICS} if row.spread else {}
        published = summary.published.get(row.spec, math.nan) / 100
        facts = {"supervision": row.supervision, "images": row.images}
        facts |= {"empty": row.empty, "constant": row.constant, "failed": row.failed}
        interval = {"iou_low": low, "iou_high": high, "iou_published": published}
        rows.append({"method": row.spec, "chance": row.chance} | numbers | spread | interval | facts)
    return pd.DataFrame(rows).to_csv(index=False)


def escaped(text: str) -> str:
    r"""Return `text` as LaTeX that shows it.

    >>> print(escaped("50 % of a_b, δ ≥ 50"))
    50 \% of a\_b, $\delta$ $\geq$ 50
    """
    known = (_SPECIAL.get(letter, letter) for letter in text)
    return "".join(letter if letter.isascii() else UNKNOWN for letter in known)


def _cells(summary: Summary, row: Row, interval: Interval) -> list[str]:
    number, *numbers = (_number(summary, row, name) for name in COLUMNS)
    # In braces, since a line that begins with a bracket would be read as an option of the line break before it.
    cells = [rf"\texttt{{{escaped(row.spec)}}}", number, f"{{{bracketed(interval)}}}", *numbers]
    cells.append(masks_read(row.supervision))
    if summary.published:
        known = summary.published.get(row.spec)
        cells.append("" if known is None else f"{known:.2f}")
    return cells


def _number(summary: Summary, row: Row, name: str) -> str:
    """Set one number in percent."""
    text = escaped(percent(row.mean[name], spread=row.spread[name] if row.spread else None))
    number, space, spread = text.partition(" ")
    return PLACES.get(place(summary, row, name), "%s") % number + space + spread
