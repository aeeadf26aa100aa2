"""Timings as tables, for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.table import Table

from reports.formatting import UNDEFINED, number
from reports.grid import Cell, Column, Grid
from reports.timing_csv import LIBRARIES
from reports.timing_notes import notes
from results.scopes import BACKWARD, COUNTING, FORWARD, METHOD
from results.store.timings import Conditions, Growth, Timing, Timings, Verdict

Write = Callable[[Timings, Timing], str]
"""Writes the number of a workload in one column."""


def terminal(timings: Timings, conditions: Conditions) -> list[Table]:
    """Return what was measured under one set of conditions, for a terminal: the times, then what they consist of."""
    shown = timings.under(conditions)
    return [_grid(timings, shown, columns).terminal() for columns in (TIMES, _known(PARTS, timings, shown))]


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Return the speed targets for a terminal; those that are missed are bold."""
    return _verdicts(verdicts).terminal()


def growth_table(growths: Sequence[Growth]) -> Table:
    """Return the exponents of how times grow, for a terminal."""
    return _growths(growths).terminal()


def markdown(timings: Timings) -> str:
    """Return everything but the samples as Markdown."""
    machine, *others = notes(timings)
    blocks = ["# Timings", machine]
    if timings.verdicts:
        blocks.append(_verdicts(timings.verdicts).markdown())
    if timings.growths:
        blocks.append(_growths(timings.growths).markdown())
    for conditions in timings.conditions:
        shown = timings.under(conditions)
        columns = TIMES | _known(PARTS, timings, shown)
        blocks += [f"## {conditions}", _grid(timings, shown, columns).markdown()]
    return "\n\n".join([*blocks, *others]) + "\n"


def _grid(timings: Timings, shown: list[Timing], columns: dict[str, Write]) -> Grid:
    heads = [Column("Workload", wrap="anywhere"), *(Column(name, right=True, wrap="nowhere") for name in columns)]
    rows: list[list[Cell | str]] = [
        [Cell(one.work, code=one.specs == (one.work,)), *(write(timings, one) for write in columns.values())]
        for one in shown
    ]
    return Grid(heads, rows)


def _verdicts(verdicts: Sequence[Verdict]) -> Grid:
    columns = [Column(heading) for heading in ("Workload", "Conditions", "Measured", "Target", "Met")]
    return Grid(columns, [[Cell(text, bold=not one.met) for text in _verdict(one)] for one in verdicts])


def _verdict(one: Verdict) -> list[str]:
    conditions = one.conditions
    on = f"{conditions.height}x{conditions.width}, batch {conditions.batch}, {conditions.device} {conditions.precision}"
    limit = f"{'at most' if one.at_most else 'at least'} {one.limit:g} {one.unit}"
    return [one.target, on, number(one.number, 2), limit, "yes" if one.met else "no"]


def _growths(growths: Sequence[Growth]) -> Grid:
    columns = [Column("Workload"), Column("Quantity"), Column("Exponent", right=True), Column("Median ms")]
    return Grid(columns, [[one.work, one.axis, number(one.exponent, 2), _measured(one)] for one in growths])


def _measured(one: Growth) -> str:
    return ", ".join(f"{x:g}: {1000 * seconds:.1f}" for x, seconds in one.points)


def _known(columns: dict[str, Write], timings: Timings, shown: list[Timing]) -> dict[str, Write]:
    """Leave out columns in which nothing is known."""
    return {name: write for name, write in columns.items() if {write(timings, one) for one in shown} != {UNDEFINED}}


def _quartiles(_timings: Timings, one: Timing) -> str:
    low, _, high = (1000 * seconds for seconds in one.quartiles)
    return f"{number(low, 1)} to {number(high, 1)}" if one.samples else UNDEFINED


def _faster(library: str) -> Write:
    return lambda timings, one: number(timings.speed_up(one, library), 1)


def _part(scope: str) -> Write:
    return lambda _timings, one: number(1000 * one.scope(scope), 1)


TIMES: dict[str, Write] = {
    "ms": lambda _, one: number(1000 * one.median, 1) if one.samples else "failed",
    "Quartiles": _quartiles,
    "Bare": lambda timings, one: number(timings.multiple(one), 2),
    "By round": lambda _, one: number(one.in_bare_passes, 2),
    "By CPU": lambda _, one: number(one.cpu_in_bare_passes, 2) if one.conditions.device == "cpu" else UNDEFINED,
    "Img/s": lambda _, one: number(one.images_per_second, 1),
    **{name: _faster(name) for name in LIBRARIES},
}
PARTS: dict[str, Write] = {
    "Forward": _part(FORWARD),
    "Backward": _part(BACKWARD),
    "Method": _part(METHOD),
    "Counting": _part(COUNTING),
    "MB": lambda _, one: number(None if one.peak_bytes is None else one.peak_bytes / 1e6, 0),
    "GFLOP": lambda _, one: number(None if one.flops is None else one.flops / 1e9, 1),
    "Peak %": lambda timings, one: number(100 * timings.share_of_peak(one), 0),
    "L2": lambda _, one: number(one.deviation.relative if one.deviation else None, 4),
    "Rank": lambda _, one: number(one.deviation.correlation if one.deviation else None, 4),
}
