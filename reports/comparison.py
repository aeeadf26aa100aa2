"""What a comparison of methods says: a table for each setting, wins over all settings, agreement of the rankings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.table import Table

from reports import paired_table
from reports.grid import Grid
from results.statistics.comparison import Comparison
from results.statistics.ranking import Agreement, Setting

WORDS = ("better", "equal", "undecided", "worse")


@dataclass(frozen=True)
class Compared:
    """The methods of some runs, compared.

    Attributes:
        settings: each a dataset with its classifiers.
        rows: the comparisons within each setting.
        agreements: of the rankings over settings, folds and seeds.
        all_pairs: whether every pair of methods was compared, and not each method with one reference.
    """

    settings: tuple[Setting, ...]
    rows: tuple[tuple[Comparison, ...], ...]
    agreements: tuple[Agreement, ...]
    all_pairs: bool


def terminal(rows: Sequence[Comparison], *, all_pairs: bool) -> Table:
    """Return the table of one setting for a terminal."""
    return _grid(rows, all_pairs=all_pairs).terminal()


def markdown(found: Compared) -> str:
    """Return everything as Markdown."""
    parts = []
    for setting, rows in zip(found.settings, found.rows, strict=True):
        table = _grid(rows, all_pairs=found.all_pairs).markdown()
        parts += [f"## {setting.name}", table, *notes(setting, rows)]
    return "\n\n".join([*parts, *over_all(found)]) + "\n"


def _grid(rows: Sequence[Comparison], *, all_pairs: bool) -> Grid:
    """Return the table of one setting; of all pairs, both methods are named in each row."""
    if all_pairs:
        return paired_table.grid([replace(one, method=_pair(one)) for one in rows], "Other", "IoU")
    return paired_table.grid(rows, rows[0].reference, "IoU")


def _pair(one: Comparison) -> str:
    return f"{one.method} : {one.reference}"


def notes(setting: Setting, rows: Sequence[Comparison]) -> list[str]:
    """Return the lines under the table of one setting."""
    lines = paired_table.notes(rows)
    if not setting.chance & setting.methods.keys():
        lines.append("These runs hold no chance-level method: add --methods random,centre,every-pixel to one of them.")
    return lines


def over_all(found: Compared) -> list[str]:
    """Return the lines on all settings: how often each method is better, and how well rankings agree."""
    lines = []
    if len(found.settings) > 1:
        counts: dict[str, dict[str, int]] = {}
        for one in (one for rows in found.rows for one in rows):
            name = _pair(one) if found.all_pairs else one.method
            counts.setdefault(name, dict.fromkeys(WORDS, 0))[one.verdict] += 1
        told = ", ".join(f"{name} {' '.join(map(str, words.values()))}" for name, words in counts.items())
        lines.append(f"Number of settings, of {len(found.settings)}, in which a method is {', '.join(WORDS)}: {told}.")
    lines += [
        f"Agreement of rankings over {one.over} of {one.within}: Kendall's W = {one.w:.2f}, of {one.rankings} rankings "
        f"of {one.methods} methods without those of chance level; 1: all rankings are the same, 0: no agreement."
        for one in found.agreements
    ]
    return lines


def as_json(found: Compared) -> dict[str, Any]:
    """Return everything for a program."""
    return {
        "settings": [
            {"setting": setting.name, "rows": paired_table.as_rows(rows)}
            for setting, rows in zip(found.settings, found.rows, strict=True)
        ],
        "agreement": [vars(one) for one in found.agreements],
    }
