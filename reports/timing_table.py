"""Timings as a table, as Markdown and as CSV."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from results.store.timings import (
    BACKWARD,
    BARE,
    COUNTING,
    FORWARD,
    METHOD,
    SCOPES,
    Conditions,
    Growth,
    Timing,
    Timings,
    Verdict,
)

UNDEFINED = "–"
LIBRARIES = ("pgc", "captum")
GROWTH_HEADINGS = ("Work", "Along", "Exponent", "Median ms")
VERDICT_HEADINGS = ("Work", "On", "Number", "Target", "Met")
COLUMNS_OF_TIMES = (
    "ms: milliseconds for the whole batch, median and quartiles of all samples, from prepared images to histograms on "
    "the CPU. Bare: how many bare passes that is, medians over medians; By round: the median of the ratios to the bare "
    "pass just before; By CPU: in seconds of processors, which a load of others moves less. A bare pass is one "
    "forward and one backward pass with respect to the activations of the stages, and nothing else. pgc, captum: how "
    "many times longer pytorch-grad-cam, given the whole batch, or captum, given one image after the other, take for "
    "the same methods, one after the other. "
    "Forward, Backward (with filters), Method (at its layers), Counting (upsampling, fusing, histograms): ms of parts."
)
COLUMNS_OF_PARTS = (
    "MB: memory on top of network and images, at its highest. GFLOP: operations of convolutions and matrix products. "
    "Peak %: of the operations in a second of a large matrix product in the same precision. L2, Rank: how far maps are "
    "from those in fp32, by norm and by Spearman's correlation, where it is worst."
)
Cell = Callable[[Timings, Timing], str]


def terminal(timings: Timings, conditions: Conditions) -> list[Table]:
    """Return what was measured under one set of conditions, for a terminal: times, then what they are made of."""
    shown = timings.under(conditions)
    return [_table(timings, shown, columns) for columns in (TIMES, _known(PARTS, timings, shown))]


def verdict_table(verdicts: tuple[Verdict, ...]) -> Table:
    """Return numbers beside their targets, for a terminal; those that are not met are bold."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in VERDICT_HEADINGS:
        table.add_column(heading)
    for one in verdicts:
        table.add_row(*(Text(cell, "" if one.met else "bold") for cell in _verdict_cells(one)))
    return table


def growth_table(growths: Sequence[Growth]) -> Table:
    """Return the fitted exponents, for a terminal."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for number, heading in enumerate(GROWTH_HEADINGS):
        table.add_column(heading, justify="right" if number > 1 else "left")
    for one in growths:
        table.add_row(*map(Text, _growth_cells(one)))
    return table


def markdown(timings: Timings) -> str:
    """Return everything but the samples as Markdown."""
    machine, *others = notes(timings)
    blocks = ["# Timings", machine]
    if timings.verdicts:
        blocks.append(_grid([list(VERDICT_HEADINGS), ["---"] * 5, *map(_verdict_cells, timings.verdicts)]))
    if timings.growths:
        blocks.append(
            _grid([list(GROWTH_HEADINGS), ["---", "---", "---:", "---"], *map(_growth_cells, timings.growths)])
        )
    for conditions in timings.conditions:
        shown = timings.under(conditions)
        columns = TIMES | _known(PARTS, timings, shown)
        rows = [["Work", *columns], ["---", *["---:"] * len(columns)]]
        for one in shown:
            name = f"`{one.work}`" if one.specs == (one.work,) else one.work
            rows.append([name, *(cell(timings, one) for cell in columns.values())])
        blocks += [f"## {conditions}", _grid(rows)]
    return "\n\n".join([*blocks, *others]) + "\n"


def notes(timings: Timings) -> list[str]:
    """Return the lines under the table: on what it was measured, what the columns hold, and what is missing."""
    lines = [_measured_on(timings.machine), COLUMNS_OF_TIMES]
    if timings.peaks:
        peaks = ", ".join(f"{name} {peak / 1e9:.0f} GFLOP/s" for name, peak in timings.peaks.items())
        lines.append(f"{COLUMNS_OF_PARTS} Large matrix product: {peaks}.")
    lines += [_failed(one) for one in timings.timings if one.reason]
    counts = {len(one.samples) for one in timings.timings if one.samples and one.work != BARE}
    if counts:
        lines.append(f"Samples of each work: {min(counts)} to {max(counts)}.")
    return lines + [f"Left out: {one}." for one in timings.left_out]


def _failed(one: Timing) -> str:
    what = "operations of {} could not be counted" if one.samples else "{} could not be run"
    return f"{what.format(f'{one.work} ({one.conditions})')}: {one.reason.rstrip('.')}."


def _measured_on(machine: dict[str, Any]) -> str:
    versions, gpu = machine["versions"], machine.get("gpu")
    device = f"{gpu['name']}, {gpu['memory_bytes'] / 2**30:.0f} GiB, CUDA {gpu['cuda']}; " if gpu else ""
    changed = ", changed" if machine["dirty"] else ""
    return (
        f"Measured on {machine['date']}: {device}{machine['processor']}, {machine['cores']} cores at "
        f"{machine['clock_mhz']} MHz, {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['threads']} threads, load "
        f"{machine['load']:.1f} at the start; Python {versions['python']}, torch {versions['torch']}, "
        f"{versions['platform']}; commit {machine['commit'][:10] or 'unknown'}{changed}."
    )


def frame(timings: Timings) -> pd.DataFrame:
    """Return one row a work and conditions, seconds and bytes, machine and versions beside each."""
    machine = timings.machine
    facts = {
        "date": machine["date"],
        "processor": machine["gpu"]["name"] if "gpu" in machine else machine["processor"],
        "threads": machine["threads"],
        "torch": machine["versions"]["torch"],
    }
    return pd.DataFrame([_row(timings, one) | facts for one in timings.timings])


def _row(timings: Timings, one: Timing) -> dict[str, Any]:
    low, median, high = one.quartiles
    conditions = vars(one.conditions)
    return {
        "spec": one.work,
        **conditions,
        "samples": len(one.samples),
        "median_seconds": median,
        "first_quartile": low,
        "third_quartile": high,
        "multiple": timings.multiple(one),
        "multiple_of_rounds": one.in_bare_passes,
        "multiple_of_processors": one.cpu_in_bare_passes,
        **{f"{name.replace(' ', '_')}_seconds": one.scope(name) for name in SCOPES},
        "images_per_second": one.images_per_second,
        "peak_bytes": one.peak_bytes,
        "flops": one.flops,
        "share_of_peak": timings.share_of_peak(one),
        **{f"faster_than_{name}": timings.speed_up(one, name) for name in LIBRARIES},
        "relative_difference": one.deviation.relative if one.deviation else math.nan,
        "rank_correlation": one.deviation.correlation if one.deviation else math.nan,
        "reason": one.reason,
    }


def _table(timings: Timings, shown: list[Timing], columns: dict[str, Cell]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("Work", overflow="fold", max_width=40)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for one in shown:
        table.add_row(Text(one.work), *(Text(cell(timings, one)) for cell in columns.values()))
    return table


def _known(columns: dict[str, Cell], timings: Timings, shown: list[Timing]) -> dict[str, Cell]:
    """Leave out columns in which nothing is known."""
    return {name: cell for name, cell in columns.items() if {cell(timings, one) for one in shown} != {UNDEFINED}}


def _number(value: float | None, digits: int) -> str:
    return UNDEFINED if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _quartiles(_timings: Timings, one: Timing) -> str:
    low, _, high = (1000 * seconds for seconds in one.quartiles)
    return f"{_number(low, 1)} to {_number(high, 1)}" if one.samples else UNDEFINED


def _faster(library: str) -> Cell:
    return lambda timings, one: _number(timings.speed_up(one, library), 1)


def _part(scope: str) -> Cell:
    return lambda _timings, one: _number(1000 * one.scope(scope), 1)


TIMES: dict[str, Cell] = {
    "ms": lambda _, one: _number(1000 * one.median, 1) if one.samples else "failed",
    "Quartiles": _quartiles,
    "Bare": lambda timings, one: _number(timings.multiple(one), 2),
    "By round": lambda _, one: _number(one.in_bare_passes, 2),
    "By CPU": lambda _, one: _number(one.cpu_in_bare_passes, 2) if one.conditions.device == "cpu" else UNDEFINED,
    "Img/s": lambda _, one: _number(one.images_per_second, 1),
    **{f"{name}": _faster(name) for name in LIBRARIES},
}
PARTS: dict[str, Cell] = {
    "Forward": _part(FORWARD),
    "Backward": _part(BACKWARD),
    "Method": _part(METHOD),
    "Counting": _part(COUNTING),
    "MB": lambda _, one: _number(None if one.peak_bytes is None else one.peak_bytes / 1e6, 0),
    "GFLOP": lambda _, one: _number(None if one.flops is None else one.flops / 1e9, 1),
    "Peak %": lambda timings, one: _number(100 * timings.share_of_peak(one), 0),
    "L2": lambda _, one: _number(one.deviation.relative if one.deviation else None, 4),
    "Rank": lambda _, one: _number(one.deviation.correlation if one.deviation else None, 4),
}


def _verdict_cells(one: Verdict) -> list[str]:
    conditions = one.conditions
    on = f"{conditions.height}x{conditions.width}, batch {conditions.batch}, {conditions.device} {conditions.precision}"
    limit = f"{'at most' if one.at_most else 'at least'} {one.limit:g} {one.unit}"
    return [one.target, on, _number(one.number, 2), limit, "yes" if one.met else "no"]


def _growth_cells(one: Growth) -> list[str]:
    measured = ", ".join(f"{x:g}: {1000 * seconds:.1f}" for x, seconds in one.points)
    return [one.work, one.axis, f"{one.exponent:.2f}", measured]


def _grid(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
