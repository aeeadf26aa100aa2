"""`python -m bench run`: from images to the paper-style table."""

import json as json_format
import time
from typing import TYPE_CHECKING

import typer

from bench.commands.options import Json, Quiet, takes_settings
from bench.runs.settings import RunSettings

if TYPE_CHECKING:
    from bench.api import RunResult


@takes_settings
def run(settings: RunSettings, *, json: Json = False, quiet: Quiet = False) -> None:
    """Run methods on the test images and print the table; what a run has is not computed again."""
    started = time.perf_counter()
    from bench.api import measure
    from bench.commands.console import conclude, reporting

    with reporting(quiet=quiet) as reporter:
        result = measure(settings, reporter)
    page = result.report()
    if json:
        typer.echo(json_format.dumps(result.as_json(), indent=2))
    elif not quiet:
        _print(result)
        conclude(started, f"Open {page} next.")


def _print(result: "RunResult") -> None:
    from bench.commands.console import output
    from reports import effects_table, methods_table

    console = output()
    console.print(methods_table.terminal(result.summary))
    console.print()
    for line in methods_table.notes(result.summary):
        console.print(line)
    if result.effects:
        console.print()
        console.print(effects_table.terminal(result.effects))
        console.print()
        for line in effects_table.notes(result.effects):
            console.print(line)
