"""`python -m bench try`: is a new method better than a known one?"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import takes_settings
from bench.commands.run import RUNS

if TYPE_CHECKING:
    from bench.runs.experiment import ExperimentSettings
    from bench.studies.method_contract import Breach
    from results.store.timings import Timing

FLOORS = "random,centre,every-pixel"
IMAGES = 4
"""In the batch on which time and memory are measured."""


@takes_settings
def try_(
    *,
    plugin: Annotated[Path, typer.Argument(help="Python file that registers a method, or several.")],
    against: Annotated[str, typer.Option(help="The method to be better than.")] = "ra-cam",
    settings: "ExperimentSettings",
) -> None:
    """Run the methods of a plug-in and a rival, and tell which is better, at what cost, and whether rules are kept.

    Exit code 1: a method breaks a rule that every method has to keep to.
    """
    started = time.perf_counter()
    from bench.commands.console import output, reporting
    from bench.network.targets import default_target
    from bench.plugins import load_new
    from bench.runs.experiment import find
    from bench.runs.run import Request, execute
    from bench.runs.runner import Evaluation
    from bench.studies.method_contract import breaches
    from bench.timing.measure import measure_alone
    from bench.timing.setup import TimingConfig
    from methods import parse, select
    from reports.comparison import notes, terminal
    from results.metrics.thresholds import ThresholdPolicy
    from results.statistics.ranking import compared_settings, duels
    from results.store.run_store import RunStore

    own, rival = [parse(name) for name in load_new(plugin)], parse(against)
    broken = [one for spec in own for one in breaches(str(spec))]
    experiment = find(settings)
    target = default_target(len(experiment.classes))
    evaluation = Evaluation((*own, rival, *select(FLOORS)), target, ("test",))
    with reporting() as reporter:
        folder = execute(Request(experiment, evaluation, (plugin,), None, RUNS), reporter)
    (found,) = compared_settings([RunStore(folder)], ThresholdPolicy("otsu"))
    rows = duels(found, [str(spec) for spec in own], str(rival))
    assignment = next(experiment.assignments())
    config = TimingConfig(assignment.plan.network, "none", assignment.plan.size, IMAGES, settings.device)
    timings = measure_alone(config, [*own, rival], (plugin,))
    console = output()
    console.print(f"{found.name}\n", style="bold")
    console.print(terminal(rows, all_pairs=False))
    console.print()
    for line in [*notes(found, rows), *_costs(timings), *_contract(broken, len(own))]:
        console.print(line, markup=False)
    seconds = time.perf_counter() - started
    console.print(
        f"\nDone in {seconds:.0f} s. python -m bench run --plugin {plugin} goes on from here.", soft_wrap=True
    )
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
