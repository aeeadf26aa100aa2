"""`python -m docs.generating.readme`: writes the table of results into README.

The block begins with the comment ``results: NAME NAME`` and ends with the comment ``end``; a NAME is a baseline.
"""

from __future__ import annotations

import re
from pathlib import Path

from docs.generating.baselines import Baseline, baselines
from reports.formatting import UNDEFINED
from reports.grid import Cell, Column, Grid

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"(<!-- results: ([\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)
BEST = 6
"""Methods that are shown, by IoU on the first baseline."""
ALWAYS = ("grad-cam", "random")
"""Methods that are shown in any case: the one that everybody knows, and one that knows nothing."""


def with_results(text: str) -> str:
    """Return `text` with its block of results filled from the baselines that it names."""

    def fill(match: re.Match[str]) -> str:
        known = {baseline.name: baseline for baseline in baselines()}
        return f"{match[1]}\n{_table([known[name] for name in match[2].split()])}\n{match[3]}"

    return BLOCK.sub(fill, text)


def _table(shown: list[Baseline]) -> str:
    """Return the best methods of the first baseline, best first, with their IoU on all, as Markdown."""
    first = shown[0]
    ranked = sorted((score for score in first.scores if score.place), key=lambda score: score.place)
    specs = dict.fromkeys([score.spec for score in ranked[:BEST]] + list(ALWAYS))
    headings = [*(f"{one.name}, IoU [95 %]" for one in shown), first.published_setting or "published"]
    rows: list[list[Cell | str]] = []
    for spec in specs:
        found = [next((score.iou for score in one.of({spec})), UNDEFINED) for one in shown]
        rows.append([Cell(spec, code=True), *found, next(score.published for score in first.of({spec}))])
    return Grid([Column("Method"), *(Column(heading, right=True) for heading in headings)], rows).markdown() + "\n"


if __name__ == "__main__":
    README.write_text(with_results(README.read_text(encoding="utf-8")), encoding="utf-8")
