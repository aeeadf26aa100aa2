"""`python -m bench readings`: what the papers leave open, and how far each answer moves the result."""

import json as json_format
import time
from typing import TYPE_CHECKING

import typer

from bench.commands.options import Json, Quiet, takes_settings
from bench.studies.settings import ReadingsSettings

if TYPE_CHECKING:
    import pandas as pd

    from bench.studies.readings import Outcome


@takes_settings
def readings(settings: ReadingsSettings, *, json: Json = False, quiet: Quiet = False) -> None:
    """Show how far each open question of the papers moves the result, on training and validation images.

    Test images are scored by the default and by the reading that is best on validation images.
    """
    started = time.perf_counter()
    from bench.commands.console import conclude, records, reporting
    from bench.studies.readings import run_readings
    from reports.readings_figure import draw
    from reports.readings_table import write

    with reporting(quiet=quiet) as reporter:
        outcome = run_readings(settings, reporter)
    write(outcome.rows, outcome.folder)
    picture = draw(outcome.rows, outcome.folder)
    if json:
        typer.echo(json_format.dumps({"run": str(outcome.folder), "rows": records(_rows(outcome))}, indent=2))
    elif not quiet:
        _print(outcome)
        conclude(started, f"Open {picture} next.")


def _rows(outcome: "Outcome") -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {"method": row.asked.method, "answers": dict(row.asked.answers), "spec": row.asked.spec, "over": row.asked.over}
        | {name: getattr(row, name) for name in ("train", "val", "low", "high", "test", "chosen", "published")}
        for row in outcome.rows
    )


def _print(outcome: "Outcome") -> None:
    from bench.commands.console import output
    from reports.readings_table import notes, table

    console = output()
    console.print(table(outcome.rows))
    for line in notes(outcome.rows):
        console.print(line)
