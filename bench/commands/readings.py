"""`python -m bench readings`: what the papers leave open, and how far each answer moves the result."""

import json as json_format
import time
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Json, MasklessThreshold, Out, Plugin, Quiet, takes_settings
from bench.runs.settings import ExperimentSettings

if TYPE_CHECKING:
    import pandas as pd

    from bench.studies.readings import Outcome


@takes_settings
def readings(
    settings: ExperimentSettings,
    *,
    methods: Annotated[
        str, typer.Option(help="The methods whose readings are compared, each with its own default.")
    ] = "lt-grad-cam,lt-full-grad,layer-cam+fgbp,ra-cam",
    full: Annotated[bool, typer.Option("--full", help="Every combination of answers, not one at a time.")] = False,
    plugin: Plugin = None,
    threshold: MasklessThreshold = "otsu",
    out: Out = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Answer one open question of the papers at a time in another way, on training and validation images.

    Test images are scored by the default and by the reading that is best on validation images.
    """
    started = time.perf_counter()
    from bench.commands.console import conclude, records, reporting
    from bench.plugins import load_plugins
    from bench.runs.experiment import find
    from bench.runs.request import Request
    from bench.runs.runner import Evaluation
    from bench.studies.readings import compare, network_of
    from methods import select
    from reports.readings_figure import draw
    from reports.readings_table import write
    from results.metrics.thresholds import parse_policy

    plugins = tuple(plugin or ())
    load_plugins(plugins)
    experiment = find(settings)
    request = Request(experiment, Evaluation(tuple(select(methods)), experiment.target(), ()), plugins, out)
    network = network_of(experiment.network, experiment.size)
    with reporting(quiet=quiet) as reporter:
        outcome = compare(request, parse_policy(threshold), reporter, everything=full, network=network)
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
