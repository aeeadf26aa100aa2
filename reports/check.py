"""What a check says: for a terminal, a pull request, a program, and a CI system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from rich.table import Table

from reports import paired_table
from reports.formatting import points
from reports.grid import Grid
from results.statistics.checking import Check, UnmatchedCells

WORSE = "worse than the baseline"
CHANGED = "cells differ from those of the baseline"


def terminal(found: Check) -> Table:
    """Return the table for a terminal; with one seed it fits 100 columns."""
    return _grid(found).terminal()


def markdown(found: Check) -> str:
    """Return conclusion, table and notes as Markdown, for a pull request."""
    return "\n\n".join([f"**{conclusion(found)}**", _grid(found).markdown(), *notes(found)]) + "\n"


def _grid(found: Check) -> Grid:
    return paired_table.grid(found.comparisons, "Baseline", "Run")


def conclusion(found: Check) -> str:
    """Return in one sentence whether the run has passed, and why."""
    counts = {
        word: sum(one.verdict == word for one in found.comparisons)
        for word in ("worse", "better", "equal", "undecided")
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    changed = sum(one.cells > 0 for one in found.changed or ())
    exact = f"; {changed} with changed cells" if found.changed is not None else ""
    forced = " Forced: these runs are not comparable." if found.forced else ""
    return f"{'Passed' if found.passed else 'Failed'}: of {len(found.comparisons)} methods {told}{exact}.{forced}"


def notes(found: Check) -> list[str]:
    """Return the lines under the table."""
    lines = [
        f"{setting(found)}; threshold {found.policy}; tolerance {100 * found.tolerance:g} IoU points.",
        *paired_table.notes(found.comparisons),
    ]
    lines += [f"Not comparable, since the runs differ in {field}." for field in found.forced]
    for whose, unmatched in _unmatched(found):
        lines += _only_in(whose, unmatched)
    lines += [f"{one.method}: {one.cells} of {one.of} {CHANGED}." for one in found.changed or () if one.cells]
    return lines


def setting(found: Check) -> str:
    """Return dataset, classifier and protocol in a few words."""
    manifest, network = found.manifest, found.manifest.network
    size = "x".join(map(str, manifest.size))
    folds = f", {manifest.folds} folds" if manifest.folds else ""
    return (
        f"{manifest.called} at {size}{folds}; {network.name} ({network.head} head); target "
        f"{manifest.target}; scored at the {manifest.evaluate_at} size"
    )


def as_json(found: Check) -> dict[str, Any]:
    """Return the same for a program."""
    return {
        "passed": found.passed,
        "setting": setting(found),
        "threshold": str(found.policy),
        "tolerance": found.tolerance,
        "forced": list(found.forced),
        "rows": paired_table.as_rows(found.comparisons),
        "only_run": [vars(one) for one in found.only_run],
        "only_baseline": [vars(one) for one in found.only_baseline],
        "changed": None if found.changed is None else [vars(one) for one in found.changed],
    }


def junit(found: Check) -> str:
    """Return JUnit XML with a test case for each method: failed if it is worse or has changed, skipped if missing."""
    manifest = found.manifest
    place = f"{manifest.called}.{manifest.network.name}-{manifest.network.head}"
    changed = {one.method for one in found.changed or () if one.cells}
    suite = ElementTree.Element("testsuite", name="cam-bench check", errors="0")
    for one in found.comparisons:
        case = ElementTree.SubElement(suite, "testcase", classname=place, name=one.method)
        if one.verdict == "worse" or one.method in changed:
            detail = ElementTree.SubElement(case, "failure", message=WORSE if one.verdict == "worse" else CHANGED)
        else:
            detail = ElementTree.SubElement(case, "system-out")
        difference = points(one.difference, one.interval)
        detail.text = f"{difference} IoU points, p {paired_table.p_value(one)}: {one.verdict}"
    for whose, unmatched in _unmatched(found):
        for method in (one.method for one in unmatched if one.whole):
            case = ElementTree.SubElement(suite, "testcase", classname=place, name=method)
            ElementTree.SubElement(case, "skipped", message=f"only {whose} has this method")
    numbers = {"tests": "testcase", "failures": "testcase/failure", "skipped": "testcase/skipped"}
    suite.attrib.update({name: str(len(suite.findall(path))) for name, path in numbers.items()})
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _unmatched(found: Check) -> Iterator[tuple[str, Sequence[UnmatchedCells]]]:
    yield "the run", found.only_run
    yield "the baseline", found.only_baseline


def _only_in(whose: str, unmatched: Sequence[UnmatchedCells]) -> Iterator[str]:
    whole = [one.method for one in unmatched if one.whole]
    if whole:
        yield f"Only {whose} has: {', '.join(whole)}."
    parts = [f"{one.cells} of {one.method}" for one in unmatched if not one.whole]
    if parts:
        yield f"Cells that only {whose} has: {', '.join(parts)}."
