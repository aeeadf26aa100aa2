"""`python -m bench report`: the page of a run, made again from what the run has kept."""

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Threshold


def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    threshold: Threshold = "otsu",
) -> None:
    """Write the page, the tables and the figures of a run again, from what the run has kept."""
    from reports.page import write
    from results.metrics.thresholds import parse_policy

    policy = parse_policy(threshold)
    for run in runs:
        typer.echo(f"Open {write(run, policy)}")
