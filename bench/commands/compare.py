"""`python -m bench compare`: every method of some runs against one of them."""

import json as json_format
from pathlib import Path
from typing import Annotated, Optional

import typer

from bench.commands.run import RUNS


def compare(
    runs: Annotated[list[str], typer.Argument(help="Folders of runs, or names of kept ones.")],
    *,
    reference: Annotated[str, typer.Option(help="The method that all others are compared with.")] = "ra-cam",
    all_pairs: Annotated[bool, typer.Option("--all-pairs", help="Compare every pair of methods.")] = False,
    threshold: Annotated[str, typer.Option(help="otsu, fixed:0.5, percentile:95 or tuned.")] = "otsu",
    plugin: Annotated[
        Optional[list[Path]],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Python file that registers methods; may be given again."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures and comparison.md.")] = RUNS / "comparison",
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compare the methods of runs, paired and corrected for their number, and draw their ranks.

    Runs of the same data and classifiers are read as one; others are settings over which rankings are compared.
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
