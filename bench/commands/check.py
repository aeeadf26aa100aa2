"""`python -m bench check`: is a run as good as its baseline?"""

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Json, PairedThreshold

if TYPE_CHECKING:
    from results.statistics.checking import Check


def check(
    run: Annotated[str, typer.Argument(help="Folder of a run, or name of a baseline.")],
    *,
    against: Annotated[str, typer.Option(help="The run that it is compared with: a folder, or name of a baseline.")],
    tolerance: Annotated[
        float, typer.Option(help="Points of IoU; an interval within them counts as no difference.", min=0, max=100)
    ] = 0.5,
    threshold: PairedThreshold = "otsu",
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare all histograms too, bit for bit; same device and versions only.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Compare runs of other data, classifiers or protocol too.")
    ] = False,
    markdown: Annotated[Path | None, typer.Option(help="File for the result as Markdown, for a pull request.")] = None,
    junit: Annotated[Path | None, typer.Option(help="File for the result as JUnit XML, for a CI system.")] = None,
    json: Json = False,
) -> None:
    """Compare a run with a baseline, method by method, paired on the images that both have.

    Exit code 0: nothing is worse; 1: a method is worse, or a cell has changed with --exact; 2: they cannot be compared.
    """
    from reports import check as report
    from results.metrics.thresholds import parse_policy
    from results.statistics.checking import check as compare
    from results.store.baselines import find_run

    policy = parse_policy(threshold)
    found = compare(find_run(run), find_run(against), policy, tolerance / 100, exact=exact, force=force)
    if markdown:
        markdown.write_text(report.markdown(found))
    if junit:
        junit.write_text(report.junit(found))
    if json:
        typer.echo(json_format.dumps(report.as_json(found), indent=2))
    else:
        _print(found)
    raise typer.Exit(0 if found.passed else 1)


def _print(found: "Check") -> None:
    from bench.commands.console import output
    from reports import check as report

    console = output()
    console.print(report.terminal(found))
    console.print()
    for line in [*report.notes(found), report.conclusion(found)]:
        console.print(line, markup=False)
