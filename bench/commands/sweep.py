"""`python -m bench sweep`: what the percentile δ of the gradient rules does, and what it is worth to choose it."""

import json as json_format
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bench.commands.options import Json, Quiet, takes_settings
from bench.studies.settings import SweepSettings

if TYPE_CHECKING:
    from bench.studies.delta_sweep import SweptRun


@takes_settings
def sweep(settings: SweepSettings, *, json: Json = False, quiet: Quiet = False) -> None:
    """Draw IoU against δ, and score on test images the δ that is best on training or validation images."""
    started = time.perf_counter()
    from bench.commands.console import conclude, reporting
    from bench.studies.delta_sweep import sweep as run_sweep

    with reporting(quiet=quiet) as reporter:
        found = run_sweep(settings, reporter)
    picture = _write(found)
    if json:
        typer.echo(json_format.dumps(_as_json(found), indent=2))
    elif not quiet:
        _print(found)
        conclude(started, f"Open {picture} next.")


def _write(found: "SweptRun") -> Path:
    """Write points, table and picture into the folder of the run, and return where the picture is."""
    from reports.sweep_figure import draw
    from reports.sweep_points import POINTS, points_table
    from reports.sweep_table import markdown

    points_table(found.sweep).to_csv(found.folder / POINTS, index=False)
    (found.folder / "sweep.md").write_text(markdown(found.sweep, found.manifest))
    return draw(found.sweep, found.folder / "sweep.png")


def _as_json(found: "SweptRun") -> dict[str, Any]:
    import pandas as pd

    from bench.commands.console import records
    from reports.sweep_points import points_table

    choices = pd.DataFrame(
        {
            "family": choice.family,
            "chosen_on": choice.chosen_on,
            "masks": choice.supervision,
            "deltas": choice.deltas,
            "iou": choice.test.iou,
            "low": choice.test.low,
            "high": choice.test.high,
        }
        for choice in found.sweep.choices
    )
    return {"run": str(found.folder), "points": records(points_table(found.sweep)), "choices": records(choices)}


def _print(found: "SweptRun") -> None:
    from bench.commands.console import output
    from reports.sweep_table import notes, terminal

    console = output()
    console.print(terminal(found.sweep))
    console.print()
    for line in notes(found.sweep, found.manifest):
        console.print(line)
