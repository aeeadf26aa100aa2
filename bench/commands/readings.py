"""`python -m bench readings`: what the papers leave open, and how far each answer moves the result."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from bench.commands.options import takes_settings
from bench.commands.run import RUNS

if TYPE_CHECKING:
    from bench.runs.experiment import ExperimentSettings


@takes_settings
def readings(
    *,
    methods: Annotated[
        str, typer.Option(help="The methods whose readings are compared; each is its own default.")
    ] = "lt-grad-cam,lt-full-grad,layer-cam+fgbp,ra-cam",
    full: Annotated[bool, typer.Option("--full", help="Every combination of answers, not one at a time.")] = False,
    plugin: Annotated[
        Optional[list[Path]],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Python file that registers methods; may be given again."),
    ] = None,
    threshold: Annotated[str, typer.Option(help="otsu, fixed:0.5 or percentile:95.")] = "otsu",
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of the run; by default one of its own under results/runs."),
    ] = None,
    settings: "ExperimentSettings",
) -> None:
    """Move one open question of the papers at a time, on training and validation images.

    Test is shown for the default and for the reading that validation chose.
    """
    started = time.perf_counter()
    from bench.commands.console import output, reporting
    from bench.network.targets import default_target
    from bench.plugins import load_plugins
    from bench.runs.experiment import find
    from bench.runs.run import Request
    from bench.runs.runner import Evaluation
    from bench.studies.readings import compare, network_of
    from methods import select
    from reports.readings_table import draw, notes, table, write
    from results.metrics.thresholds import check_unsupervised, parse_policy

    plugins = tuple(plugin or ())
    load_plugins(plugins)
    policy = parse_policy(threshold)
    check_unsupervised(policy)
    experiment = find(settings)
    target = default_target(len(experiment.classes))
    request = Request(experiment, Evaluation(tuple(select(methods)), target, ()), plugins, out, RUNS)
    network = network_of(settings.network, experiment.size)
    with reporting() as reporter:
        outcome = compare(request, policy, reporter, everything=full, network=network)
    write(outcome.rows, outcome.folder)
    picture = draw(outcome.rows, outcome.folder)
    console = output()
    console.print(table(outcome.rows))
    for line in notes(outcome.rows):
        console.print(line)
    console.print(f"\nDone in {time.perf_counter() - started:.0f} s. Open {picture} next.", soft_wrap=True)
