"""What a check says: for a terminal, a pull request, a program, and a CI system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from rich.table import Table

from reports import paired_table
from results.statistics.checking import Check, UnmatchedCells

HEADINGS = ("Baseline", "Run")
WORSE = "worse than the baseline"


def terminal(found: Check) -> Table:
    """Return the table for a terminal; with one seed it fits 100 columns."""
    return paired_table.terminal(found.comparisons, paired_table.headings(found.comparisons, *HEADINGS))


def markdown(found: Check) -> str:
    """Return verdict, table and notes as Markdown, for a pull request."""
    table = paired_table.markdown(found.comparisons, paired_table.headings(found.comparisons, *HEADINGS))
    return "\n\n".join([f"**{conclusion(found)}**", table, *notes(found)]) + "\n"


def conclusion(found: Check) -> str:
    """Return the verdict over all in one sentence."""
    counts = {
        word: sum(one.verdict == word for one in found.comparisons)
        for word in ("worse", "better", "equal", "undecided")
    }
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    changed = sum(one.cells > 0 for one in found.changed or ())
    exact = f"; {changed} with changed cells" if found.changed is not None else ""
    forced = " Forced: these runs may not be compared." if found.forced else ""
    return f"{'Passed' if found.passed else 'Failed'}: of {len(found.comparisons)} methods {told}{exact}.{forced}"


def notes(found: Check) -> list[str]:
    """Return the lines under the table."""
    lines = [
        f"{setting(found)}; threshold {found.policy}; tolerance {100 * found.tolerance:g} IoU points.",
        *paired_table.notes(found.comparisons),
    ]
    lines += [f"Differs, though it must not: {field}." for field in found.forced]
    for whose, unmatched in (("the run", found.only_run), ("the baseline", found.only_baseline)):
        lines += list(_lonely(whose, unmatched))
    for one in found.changed or ():
        if one.cells:
            lines.append(f"{one.method}: {one.cells} of {one.of} cells are not what they were, bit for bit.")
    return lines


def setting(found: Check) -> str:
    """Name dataset, classifier and protocol in a few words."""
    manifest, network = found.manifest, found.manifest.network
    size = "x".join(map(str, manifest.size))
    folds = f", {manifest.folds} folds" if manifest.folds else ""
    return (
        f"{manifest.dataset} at {size}{folds}; {network.name} ({network.head} head); target "
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
    """Return JUnit XML: a test a method, which fails if it is worse or has changed, and is skipped if it is missing."""
    manifest = found.manifest
    place = f"{manifest.dataset}.{manifest.network.name}-{manifest.network.head}"
    changed = {one.method: one for one in found.changed or () if one.cells}
    suite = ElementTree.Element("testsuite", name="cam-bench check", errors="0")
    failures = skipped = 0
    for one in found.comparisons:
        case = ElementTree.SubElement(suite, "testcase", classname=place, name=one.method)
        told = f"{paired_table.difference(one)} IoU points, p {paired_table.p_value(one) or 'none'}: {one.verdict}"
        if one.verdict == "worse" or one.method in changed:
            failures += 1
            what = WORSE if one.verdict == "worse" else "cells are not what they were, bit for bit"
            ElementTree.SubElement(case, "failure", message=what).text = told
        else:
            ElementTree.SubElement(case, "system-out").text = told
    for whose, unmatched in (("the run", found.only_run), ("the baseline", found.only_baseline)):
        for method in (one.method for one in unmatched if one.whole):
            skipped += 1
            case = ElementTree.SubElement(suite, "testcase", classname=place, name=method)
            ElementTree.SubElement(case, "skipped", message=f"only {whose} has this method")
    tests = len(found.comparisons) + skipped
    suite.attrib.update(tests=str(tests), failures=str(failures), skipped=str(skipped))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _lonely(whose: str, unmatched: Sequence[UnmatchedCells]) -> Iterator[str]:
    whole = [one.method for one in unmatched if one.whole]
    if whole:
        yield f"Only {whose} has: {', '.join(whole)}."
    parts = [f"{one.cells} of {one.method}" for one in unmatched if not one.whole]
    if parts:
        yield f"Cells that only {whose} has: {', '.join(parts)}."
