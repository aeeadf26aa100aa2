"""`python -m bench report`: the page of a run, made again from what the run has kept."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    threshold: Annotated[str, typer.Option(help="otsu, fixed:0.5, percentile:95, oracle or tuned.")] = "otsu",
) -> None:
    """Write the page, tables and figures of each run into its folder; nothing is computed again."""
    from reports.page import write
    from results.metrics.thresholds import parse_policy

    policy = parse_policy(threshold)
    for run in runs:
        typer.echo(f"Open {write(run, policy)}")
