"""What a comparison of runs says: a table a setting, wins over all settings, and whether the ranking holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.table import Table

from reports import paired_table
from results.statistics.comparison import Comparison
from results.statistics.ranking import Agreement, Setting

WORDS = ("better", "equal", "undecided", "worse")


@dataclass(frozen=True)
class Compared:
    """Runs whose methods were compared.

    Attributes:
        settings: the datasets with their classifiers.
        rows: the comparisons within each setting.
        agreements: of the rankings.
        all_pairs: every pair was compared, not each method with one reference.
    """

    settings: tuple[Setting, ...]
    rows: tuple[tuple[Comparison, ...], ...]
    agreements: tuple[Agreement, ...]
    all_pairs: bool


def headings(rows: Sequence[Comparison], *, all_pairs: bool) -> list[str]:
    """Return the headings of a setting's table."""
    reference = "Other" if all_pairs else rows[0].reference
    return paired_table.headings(rows, reference, "IoU")


def terminal(rows: Sequence[Comparison], *, all_pairs: bool) -> Table:
    """Return the table of one setting for a terminal."""
    return paired_table.terminal(_named(rows, all_pairs=all_pairs), headings(rows, all_pairs=all_pairs))


def markdown(found: Compared) -> str:
    """Return everything as Markdown."""
    parts = []
    for setting, rows in zip(found.settings, found.rows, strict=True):
        table = paired_table.markdown(
            _named(rows, all_pairs=found.all_pairs), headings(rows, all_pairs=found.all_pairs)
        )
        parts += [f"## {setting.name}", table, *notes(setting, rows)]
    return "\n\n".join([*parts, *over_all(found)]) + "\n"


def notes(setting: Setting, rows: Sequence[Comparison]) -> list[str]:
    """Return the lines under the table of one setting."""
    lines = paired_table.notes(rows)
    if not setting.chance & setting.methods.keys():
        lines.append("No method of chance is in these runs: add --methods random,centre,every-pixel to one of them.")
    return lines


def over_all(found: Compared) -> list[str]:
    """Return the lines on all settings: how often each method is better, and whether rankings agree."""
    lines = []
    if len(found.settings) > 1:
        counts: dict[str, dict[str, int]] = {}
        for one in (one for rows in found.rows for one in rows):
            name = f"{one.method} : {one.reference}" if found.all_pairs else one.method
            counts.setdefault(name, dict.fromkeys(WORDS, 0))[one.verdict] += 1
        told = ", ".join(f"{name} {' '.join(map(str, words.values()))}" for name, words in counts.items())
        lines.append(f"Settings, of {len(found.settings)}, in which a method is {', '.join(WORDS)}: {told}.")
    lines += [
        f"Does the ranking hold over {one.over} of {one.within}? Kendall's W = {one.w:.2f}: {one.rankings} rankings of "
        f"{one.methods} methods, those of chance left out; 1 is the same ranking, 0 no agreement."
        for one in found.agreements
    ]
    return lines


def as_json(found: Compared) -> dict[str, Any]:
    """Return the same for a program."""
    return {
        "settings": [
            {"setting": setting.name, "rows": paired_table.as_rows(rows)}
            for setting, rows in zip(found.settings, found.rows, strict=True)
        ],
        "agreement": [vars(one) for one in found.agreements],
    }


def _named(rows: Sequence[Comparison], *, all_pairs: bool) -> list[Comparison]:
    """Name both methods in a row where there is no one reference."""
    return [replace(one, method=f"{one.method} : {one.reference}") for one in rows] if all_pairs else list(rows)
