"""A check for a terminal, a pull request, a program and a CI system."""

import json
from io import StringIO
from xml.etree import ElementTree

import pytest
from rich.console import Console

from reports.check import as_json, conclusion, junit, markdown, notes, terminal
from results.metrics.thresholds import parse_policy
from results.statistics.checking import check
from tests.helpers.compared_runs import cells_of, hits, run

GOOD = hits(10)


def made(folder, *, exact=False, force=False, **changes):
    """Return a check in which one method is worse, one is equal, and one is in each run alone."""
    one = run(folder / "run", [*cells_of("a", [hit - 8 for hit in GOOD]), *cells_of("b", GOOD), *cells_of("new", GOOD)],
              **changes)  # fmt: skip
    base = run(folder / "base", [*cells_of("a", GOOD), *cells_of("b", GOOD), *cells_of("old", GOOD)])
    return check(one, base, parse_policy("fixed:0.5"), 0.005, exact=exact, force=force)


@pytest.fixture
def found(tmp_path):
    return made(tmp_path)


def test_the_table_fits_a_terminal_and_has_a_row_a_method(found):
    console = Console(width=100, record=True, file=StringIO())
    console.print(terminal(found))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split()[:4] == ["Method", "Baseline", "Run", "Difference"]
    assert lines[1].split()[0] == "a"
    assert lines[1].split()[-1] == "worse"
    assert lines[2].split()[-4:] == ["0", "10", "0", "equal"]


def test_a_pull_request_gets_the_verdict_first(found):
    text = markdown(found)
    assert text.startswith("**Failed: of 2 methods 1 worse, 1 equal.**\n\n| Method | Baseline | Run |")
    assert "| `a` |" in text
    assert "**worse** |" in text
    assert "tolerance 0.5 IoU points" in text
    assert "Only the run has: new." in text
    assert "Only the baseline has: old." in text
    assert "10 defective test images of 10 physical items" in text


def test_a_program_gets_numbers(found):
    told = json.loads(json.dumps(as_json(found)))
    assert told["passed"] is False
    assert [row["verdict"] for row in told["rows"]] == ["worse", "equal"]
    assert told["rows"][0]["p"] == 2 / 2**10
    assert told["rows"][1]["p"] is None
    assert told["only_run"] == [{"method": "new", "cells": 10, "whole": True}]
    assert told["changed"] is None


def test_ci_gets_a_test_a_method(found):
    suite = ElementTree.fromstring(junit(found).encode())
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "2")
    kinds = {case.get("name"): [child.tag for child in case] for case in suite}
    assert kinds == {"a": ["failure"], "b": ["system-out"], "new": ["skipped"], "old": ["skipped"]}
    assert {case.get("classname") for case in suite} == {"synthetic.vgg-small-fc"}


def test_changed_cells_fail_in_ci_too(tmp_path):
    exact = made(tmp_path, exact=True)
    assert conclusion(exact) == "Failed: of 2 methods 1 worse, 1 equal; 1 with changed cells."
    assert "a: 10 of 10 cells differ from those of the baseline." in notes(exact)


def test_what_was_forced_is_marked(tmp_path):
    forced = made(tmp_path, force=True, target="label")
    assert conclusion(forced).endswith("Forced: these runs are not comparable.")
    assert "Not comparable, since the runs differ in target (label and 1)." in notes(forced)
    assert as_json(forced)["forced"] == ["target (label and 1)"]


def test_seeds_and_too_few_items_are_told_where_there_are_some(tmp_path):
    def listed(shift):
        return [one for seed in (0, 1) for one in cells_of("a", [hit - shift * seed for hit in GOOD[:4]], seed=seed)]

    one, base = run(tmp_path / "run", listed(9)), run(tmp_path / "base", listed(0))
    few = check(one, base, parse_policy("fixed:0.5"), 0.005, exact=False, force=False)
    text = markdown(few)
    assert "| By seed |" in text
    assert "-6.00 to +0.00" in text
    assert "| too few items |" in text
    assert "p cannot be below 2 / 2^n" in text
    assert few.passed
