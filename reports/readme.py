"""`python -m reports.readme`: writes the tables of baselines into README.

A block begins with the comment ``table: NAME`` and ends with the comment ``end``; NAME is a folder of
``results/baselines/``.
"""

from __future__ import annotations

import re
from pathlib import Path

from reports.methods_table import markdown
from reports.summary import summarise
from results.metrics.thresholds import ThresholdPolicy

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """Return `text` with every block filled from the baseline that it names.

    Raises:
        ResultError: there is no such run.
    """

    def fill(match: re.Match[str]) -> str:
        summary = summarise(ROOT / "results" / "baselines" / match[2], ThresholdPolicy("otsu"))
        return f"{match[1]}\n{markdown(summary)}\n{match[3]}"

    return BLOCK.sub(fill, text)


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(with_tables(path.read_text()))
