"""`python -m bench compare`: every method of some runs against one of them."""

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Json, PairedThreshold, Plugin
from bench.runs.settings import RUNS

if TYPE_CHECKING:
    from reports.comparison import Compared

CRITICAL_DIFFERENCE, RANKS = "critical-difference.png", "ranks.png"


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
    from bench.plugins import load_plugins
    from methods import parse
    from reports.comparison import Compared, as_json
    from results.metrics.thresholds import parse_policy
    from results.statistics.ranking import against, agreements, compared_settings
    from results.store.baselines import find_run

    load_plugins(plugin or ())
    name = str(parse(reference))
    found = tuple(compared_settings(map(find_run, runs), parse_policy(threshold)))
    rows = tuple(tuple(against(one, name, all_pairs=all_pairs)) for one in found)
    compared = Compared(found, rows, tuple(agreements(found)), all_pairs)
    _write(compared, name, out)
    if json:
        typer.echo(json_format.dumps(as_json(compared), indent=2))
    else:
        _print(compared, out)


def _write(compared: "Compared", reference: str, out: Path) -> None:
    """Write the table and the pictures of ranks into the folder `out`."""
    from reports.comparison import markdown
    from reports.rank_figures import draw_critical_difference, draw_ranks

    out.mkdir(parents=True, exist_ok=True)
    (out / "comparison.md").write_text(markdown(compared))
    draw_critical_difference(compared.settings, reference, out / CRITICAL_DIFFERENCE)
    draw_ranks(compared.settings, reference, out / RANKS)


def _print(compared: "Compared", out: Path) -> None:
    from bench.commands.console import output
    from reports.comparison import notes, over_all, terminal

    console = output()
    for setting, rows in zip(compared.settings, compared.rows, strict=True):
        console.print(f"{setting.name}\n", style="bold")
        console.print(terminal(rows, all_pairs=compared.all_pairs))
        console.print()
        for line in notes(setting, rows):
            console.print(line, markup=False)
        console.print()
    for line in over_all(compared):
        console.print(line, markup=False)
    console.print(f"Open {out / CRITICAL_DIFFERENCE} and {out / RANKS} next.", soft_wrap=True)
