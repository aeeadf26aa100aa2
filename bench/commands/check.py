"""`python -m bench check`: is a run as good as the one that it is measured by?"""

import json as json_format
from pathlib import Path
from typing import Annotated, Optional

import typer


def check(
    run: Annotated[str, typer.Argument(help="Folder of a run, or the name of a kept one.")],
    *,
    against: Annotated[str, typer.Option(help="What it is measured by: the folder or the name of a run.")],
    tolerance: Annotated[
        float, typer.Option(help="IoU points; differences that surely are no larger count as none.", min=0, max=100)
    ] = 0.5,
    threshold: Annotated[str, typer.Option(help="otsu, fixed:0.5, percentile:95 or tuned.")] = "otsu",
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare all histograms bit for bit too; same device and versions only.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Compare runs that may not be compared.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    markdown: Annotated[
        Optional[Path],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="File for the result as Markdown, for a pull request."),
    ] = None,
    junit: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="File for the result as JUnit XML, for a CI system."),
    ] = None,
) -> None:
    """Compare a run with a baseline, method by method, paired on the images that both have.

    Exit code 0: nothing is worse; 1: a method is worse, or a cell has changed with --exact; 2: they cannot be compared.
    """
    from bench.commands.console import output
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
        console = output()
        console.print(report.terminal(found))
        console.print()
        for line in [*report.notes(found), report.conclusion(found)]:
            console.print(line, markup=False)
    raise typer.Exit(0 if found.passed else 1)
