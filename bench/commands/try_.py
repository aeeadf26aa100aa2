"""`python -m bench try`: is a new method better than a known one?"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import takes_settings
from bench.runs.settings import ExperimentSettings, RunSettings

if TYPE_CHECKING:
    from bench.studies.method_contract import Breach
    from results.store.timings import Timing

CHANCE = ("random", "centre", "every-pixel")
"""What every method has to be better than."""
IMAGES = 4
"""In the batch on which time and memory are measured."""


@takes_settings
def try_(
    *,
    file: Annotated[Path, typer.Argument(help="Python file that registers a method, or several.")],
    against: Annotated[str, typer.Option(help="The method that they are compared with.")] = "ra-cam",
    settings: ExperimentSettings,
) -> None:
    """Compare the methods of a plug-in with a known one: IoU, time, memory, and whether they keep the contract.

    Exit code 1: a method breaks a rule that every method has to keep to.
    """
    started = time.perf_counter()
    from bench.api import measure
    from bench.commands.console import conclude, output, reporting
    from bench.plugins import load_new
    from bench.studies.method_contract import breaches
    from bench.timing.measure import measure_alone
    from bench.timing.setup import TimingConfig
    from methods import parse
    from reports.comparison import notes, terminal
    from results.statistics.ranking import duels

    plugins = (*settings.plugin, file)
    own, rival = [str(parse(name)) for name in load_new(file)], str(parse(against))
    broken = [one for spec in own for one in breaches(spec)]
    asked = RunSettings.read(settings.model_dump() | {"plugin": plugins, "methods": [*own, rival, *CHANCE]})
    with reporting() as reporter:
        result = measure(asked, reporter)
    rows = duels(result.setting, own, rival)
    experiment = result.experiment
    config = TimingConfig(experiment.network, "none", experiment.size, IMAGES, experiment.device)
    timings = measure_alone(config, [parse(spec) for spec in (*own, rival)], plugins)
    console = output()
    console.print(f"{result.setting.name}\n", style="bold")
    console.print(terminal(rows, all_pairs=False))
    console.print()
    for line in [*notes(result.setting, rows), *_costs(timings), *_contract(broken, len(own))]:
        console.print(line, markup=False)
    conclude(started, f"python -m bench run --plugin {file} goes on from here.")
    raise typer.Exit(1 if broken else 0)


def _costs(timings: "list[Timing]") -> list[str]:
    told = ", ".join(f"{one.work} {_cost(one)}" for one in timings)
    return [f"Time per image, with its forward and backward passes, and peak memory for {IMAGES} images: {told}."]


def _cost(timing: "Timing") -> str:
    if not timing.samples:
        return f"not measured ({timing.reason})"
    memory = "" if timing.peak_bytes is None else f" and {timing.peak_bytes / 1e6:.0f} MB"
    return f"{1000 * timing.median / IMAGES:.1f} ms{memory}"


def _contract(broken: "list[Breach]", methods: int) -> list[str]:
    if not broken:
        return [
            f"Contract: kept by {methods} new method(s): shape, type and sign of maps, batches, nothing left behind."
        ]
    return [f"Contract broken: {one.method} ({one.network}): {one.reason}." for one in broken]
