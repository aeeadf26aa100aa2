"""`python -m bench layers`: what methods see in each layer of the classifier, and what they make of it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Picture, Plugin, Target, takes_settings
from bench.runs.settings import ExperimentSettings

if TYPE_CHECKING:
    from bench.network.targets import Target as Score
    from bench.runs.experiment import Experiment
    from methods import MethodSpec
    from reports.layer_maps import Block

LONGEST_NAME = 200
"""Characters of the ids in the name of a picture: file systems take little more."""


@takes_settings
def layers(
    settings: ExperimentSettings,
    *,
    methods: Annotated[
        str, typer.Option(help="Specs, e.g. grad-cam,full-grad+lt@30; the stages are read where one names no layers.")
    ] = "grad-cam,lt-grad-cam",
    image: Annotated[
        list[str] | None,
        typer.Option(help="Id of an image; may be given again. By default one of each kind of defect, up to 3."),
    ] = None,
    plugin: Plugin = None,
    target: Target = "",
    out: Picture = None,
) -> None:
    """Draw each layer's map of each method with its share of the fused one, on images that are tested."""
    from bench.errors import BenchError
    from bench.plugins import load_plugins
    from bench.runs.experiment import find
    from methods import parse
    from methods.spec import split_list
    from reports.layer_sheet import draw

    load_plugins(plugin or ())
    specs = tuple(dict.fromkeys(parse(text, layers="stages") for text in split_list(methods)))
    if not specs:
        raise BenchError("no methods are named: write for example --methods grad-cam,lt-grad-cam")
    experiment = find(settings)
    explained = experiment.target(target)
    blocks = _blocks(experiment, tuple(dict.fromkeys(image or ())), specs, explained)
    height, width = experiment.size
    network = f"{settings.network} ({settings.head} head)"
    picture = out or Path(f"{_file_stem([block.image.name for block in blocks])}-layers.png")
    draw(blocks, f"{experiment.copy.name} at {height}x{width}; {network}; target {explained}", picture)
    typer.echo(f"Open {picture}")


def _blocks(
    experiment: "Experiment", asked: tuple[str, ...], specs: "tuple[MethodSpec, ...]", target: "Score"
) -> "list[Block]":
    """Return a block for each image; a classifier that none of them needs is neither loaded nor trained."""
    from bench.commands.console import reporting
    from bench.studies.layers import assignment_of, block, one_of_each_kind

    assignments = [one for one in experiment.assignments() if one.plan.seed == 0]
    images = asked or one_of_each_kind(assignments)
    for name in images:
        experiment.check_image(name)
    wanted = {name: assignment_of(assignments, name) for name in images}
    found = {}
    with reporting() as reporter:
        reporter.faults(experiment.copy.dataset.name, experiment.faults())
        for fold in sorted({one.plan.fold for one in wanted.values()}):
            classifier = experiment.classifier(assignments[fold], reporter.training)
            for name, one in wanted.items():
                if one.plan.fold == fold:
                    found[name] = block(one, classifier, name, specs, target)
    return [found[name] for name in images]


def _file_stem(images: list[str]) -> str:
    return re.sub(r"[^\w.-]+", "-", "-".join(images))[:LONGEST_NAME]
