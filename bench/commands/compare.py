"""`python -m bench compare`: every method of some runs against one of them."""

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Json, PairedThreshold, Plugin
from bench.runs.settings import RUNS


def compare(
    runs: Annotated[list[str], typer.Argument(help="Folders of runs, or names of baselines.")],
    *,
    reference: Annotated[str, typer.Option(help="The method that the others are compared with.")] = "ra-cam",
    all_pairs: Annotated[bool, typer.Option("--all-pairs", help="Compare every pair of methods.")] = False,
    threshold: PairedThreshold = "otsu",
    plugin: Plugin = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures and comparison.md.")] = RUNS / "comparison",
    json: Json = False,
) -> None:
    """Test each method of some runs against one of them, item by item, and draw their ranks.

    Runs of the same data and classifiers are read as one. Where they differ, the rankings are compared too.
    """
    from bench.commands.console import output
    from bench.plugins import load_plugins
    from methods import parse
    from reports import comparison as report
    from reports.rank_figures import draw_critical_difference, draw_ranks
    from results.metrics.thresholds import parse_policy
    from results.statistics.ranking import against, agreements, compared_settings
    from results.store.baselines import find_run

    load_plugins(plugin or ())
    name = str(parse(reference))
    found = compared_settings(map(find_run, runs), parse_policy(threshold))
    rows = tuple(tuple(against(one, name, all_pairs=all_pairs)) for one in found)
    compared = report.Compared(tuple(found), rows, tuple(agreements(found)), all_pairs)
    out.mkdir(parents=True, exist_ok=True)
    (out / "comparison.md").write_text(report.markdown(compared))
    draw_critical_difference(found, name, out / "critical-difference.png")
    draw_ranks(found, name, out / "ranks.png")
    if json:
        typer.echo(json_format.dumps(report.as_json(compared), indent=2))
        return
    console = output()
    for setting, own in zip(found, rows, strict=True):
        console.print(f"{setting.name}\n", style="bold")
        console.print(report.terminal(own, all_pairs=all_pairs))
        console.print()
        for line in report.notes(setting, own):
            console.print(line, markup=False)
        console.print()
    for line in report.over_all(compared):
        console.print(line, markup=False)
    console.print(f"Open {out / 'critical-difference.png'} and {out / 'ranks.png'} next.", soft_wrap=True)
