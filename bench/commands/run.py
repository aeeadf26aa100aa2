"""`python -m bench run`: from images to the paper-style table."""

import json as json_format
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from bench.commands.options import takes_settings

if TYPE_CHECKING:
    from bench.runs.experiment import ExperimentSettings
    from reports.summary import Summary
    from results.metrics.thresholds import ThresholdPolicy
    from results.studies.effects import Effects

RUNS = Path("results/runs")


@takes_settings
def run(
    *,
    methods: Annotated[
        str,
        typer.Option(
            help="all, paper, gradient, factorial, references (other libraries'), everything, or specs, e.g. "
            "grad-cam,layer-cam/S2-S4+lt@30,pgc:GradCAM."
        ),
    ] = "all",
    backend: Annotated[
        Literal["own", "pytorch-grad-cam"],
        typer.Option(help="Whose code computes the plain methods that both have."),
    ] = "own",
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
    image: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Id of an image; may be given again. Only these are looked at."),
    ] = None,
    evaluate_at: Annotated[
        Literal["input", "original"],
        typer.Option(help="Score at the input's size, or upsample each map to its image's own size first."),
    ] = "input",
    threshold: Annotated[str, typer.Option(help="otsu, fixed:0.5, percentile:95, oracle or tuned.")] = "otsu",
    all_images: Annotated[
        bool,
        typer.Option("--all-images", help="Run methods that ask the classifier again on defect-free images too."),
    ] = False,
    budget: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(help="Minutes for methods that ask the classifier again; the dearest are left out.", min=0),
    ] = None,
    chunk: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Forward passes at once; as many as fit into memory by default.", min=1),
    ] = None,
    gallery: Annotated[
        int, typer.Option(help="Defective images of which pictures are kept, spread over all.", min=1)
    ] = 6,
    gallery_ids: Annotated[
        str, typer.Option(help="Ids of the images of which pictures are kept instead, separated by commas.")
    ] = "",
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of the run; by default one of its own under results/runs."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing but errors, and JSON where it is asked for.")
    ] = False,
    settings: "ExperimentSettings",
) -> None:
    """Run methods on the test images and print the table; what a run has is not computed again."""
    started = time.perf_counter()
    from bench.commands.console import reporting
    from bench.network.targets import default_target, parse_target
    from bench.plugins import load_plugins
    from bench.runs.experiment import find
    from bench.runs.run import Request, execute
    from bench.runs.runner import Evaluation
    from methods import select
    from methods.adapters.counterparts import through
    from reports.methods_table import markdown
    from reports.overview import draw
    from reports.page import write
    from reports.summary import summarise
    from results.metrics.thresholds import parse_policy

    plugins = tuple(plugin or ())
    load_plugins(plugins)
    policy, asked = parse_policy(threshold), select(methods)
    specs = tuple(through(spec, backend) for spec in asked)
    splits = ("test", "val") if policy.kind == "tuned" else ("test",)
    experiment = find(settings)
    explained = parse_target(target) if target else default_target(len(experiment.classes))
    images = tuple(dict.fromkeys(image or ()))
    evaluation = Evaluation(specs, explained, splits, evaluate_at, images, all_images=all_images, chunk=chunk)
    pictures = tuple(part.strip() for part in gallery_ids.split(",") if part.strip()) or gallery
    request = Request(experiment, evaluation, plugins, out, RUNS, budget, pictures)
    with reporting(quiet=quiet) as reporter:
        folder = execute(request, reporter)
    names = [str(spec) for spec in specs]
    summary = _beside_stand_ins(summarise(folder, policy, names), dict(zip(names, map(str, asked), strict=True)))
    (folder / "table.md").write_text(markdown(summary))
    draw(folder, [row.spec for row in summary.rows if row.applicable])
    effects = _effects(folder, policy, names)
    page = write(folder, policy)
    if json:
        typer.echo(json_format.dumps(_told(summary, effects), indent=2))
    elif not quiet:
        _print(summary, effects, page, time.perf_counter() - started)


def _beside_stand_ins(summary: "Summary", asked: dict[str, str]) -> "Summary":
    """Put what is published of a method that was asked for beside the one that stands in for it."""
    known = summary.published
    return replace(summary, published=known | {name: known[own] for name, own in asked.items() if own in known})


def _effects(folder: Path, policy: "ThresholdPolicy", specs: list[str]) -> "Effects | None":
    """Write what the parts of the methods are worth into the run's folder, where `specs` hold a full product."""
    from reports.effects_table import draw, effects_of, markdown

    effects = effects_of(folder, policy, specs)
    page, picture = folder / "effects.md", folder / "effects.png"
    if effects:
        page.write_text(markdown(effects))
        draw(effects, picture)
    else:
        for earlier in (page, picture):
            earlier.unlink(missing_ok=True)
    return effects


def _told(summary: "Summary", effects: "Effects | None") -> dict[str, Any]:
    from reports.effects_table import as_rows

    return summary.as_json() | ({"effects": as_rows(effects)} if effects else {})


def _print(summary: "Summary", effects: "Effects | None", page: Path, seconds: float) -> None:
    from bench.commands.console import output
    from reports import effects_table as of_parts
    from reports.methods_table import notes, terminal

    console = output()
    console.print(terminal(summary))
    console.print()
    for line in notes(summary):
        console.print(line)
    if effects:
        console.print()
        console.print(of_parts.terminal(effects))
        console.print()
        for line in of_parts.notes(effects):
            console.print(line)
    console.print(f"\nDone in {seconds:.0f} s. Open {page} next.", soft_wrap=True)
