"""`python -m bench run`: from photographs to the paper-style table."""

import json as json_format
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from bench.commands.setting import takes_setting

if TYPE_CHECKING:
    from bench.experiment import Setting
    from reports.summary import Summary

RUNS = Path("results/runs")


@takes_setting
def run(
    *,
    methods: Annotated[
        str, typer.Option(help="all, paper, gradient, or specs, e.g. grad-cam,layer-cam/S2-S4+lt@30.")
    ] = "all",
    plugin: Annotated[
        Optional[list[Path]],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Python file that registers methods; may be given again."),
    ] = None,
    target: Annotated[
        str,
        typer.Option(
            help="What is explained: a class index, label, predicted or margin. By default the defect class; with "
            "several of them the predicted one."
        ),
    ] = "",
    evaluate_at: Annotated[
        Literal["input", "original"],
        typer.Option(help="Score at the input's size, or upsample each map to its photograph's own size first."),
    ] = "input",
    threshold: Annotated[str, typer.Option(help="otsu, fixed:0.5, percentile:95, oracle or tuned.")] = "otsu",
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of the run; by default one of its own under results/runs."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    setting: "Setting",
) -> None:
    """Run methods on the test images and print the table; what a run has is not computed again."""
    started = time.perf_counter()
    from bench.commands.terminal import bar
    from bench.experiment import find
    from bench.plugins import load_plugins
    from bench.runner import Work
    from bench.session import Request, carry_out
    from bench.targets import parse_target
    from methods import select
    from reports.overview import draw
    from reports.summary import summarise
    from reports.table import markdown
    from results.thresholds import parse_policy

    plugins = tuple(plugin or ())
    load_plugins(plugins)
    policy, specs = parse_policy(threshold), tuple(select(methods))
    splits = ("test", "val") if policy.kind == "tuned" else ("test",)
    experiment = find(setting)
    explained = parse_target(target or ("1" if len(experiment.classes) == 2 else "predicted"))
    request = Request(experiment, Work(specs, explained, splits, evaluate_at), plugins, out, RUNS)
    with bar() as progress:
        folder = carry_out(request, progress)
    names = [str(spec) for spec in specs]
    summary = summarise(folder, policy, names)
    (folder / "table.md").write_text(markdown(summary))
    picture = draw(folder, [row.spec for row in summary.rows if row.applicable])
    if json:
        typer.echo(json_format.dumps(summary.as_json(), indent=2))
    else:
        _print(summary, picture, time.perf_counter() - started)


def _print(summary: "Summary", picture: Path, seconds: float) -> None:
    from bench.commands.terminal import output
    from reports.table import notes, terminal

    console = output()
    console.print(terminal(summary))
    console.print()
    for line in notes(summary):
        console.print(line)
    console.print(f"\nDone in {seconds:.0f} s. Open {picture} next.", soft_wrap=True)
