"""`python -m bench layers`: what methods see in each layer of the classifier, and what they make of it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from bench.commands.data import Picture
from bench.commands.options import takes_settings

if TYPE_CHECKING:
    from bench.network.targets import Target
    from bench.runs.experiment import Experiment, ExperimentSettings
    from methods import MethodSpec
    from reports.layer_sheet import Block

LONGEST_NAME = 200
"""Characters of the ids in the name of a picture: file systems take little more."""


@takes_settings
def layers(
    *,
    methods: Annotated[
        str, typer.Option(help="Specs, e.g. grad-cam,full-grad+lt@30; the stages are read where one names no layers.")
    ] = "grad-cam,lt-grad-cam",
    image: Annotated[
        Optional[list[str]],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Id of an image; may be given again. By default one of each kind of defect, up to 3."),
    ] = None,
    plugin: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Option(help="Python file that registers methods; may be given again."),
    ] = None,
    target: Annotated[
        str,
        typer.Option(
            help="What is explained: a class index, label, predicted or margin. By default the defect class; with "
            "several of them the predicted one."
        ),
    ] = "",
    out: Picture = None,
    settings: "ExperimentSettings",
) -> None:
    """Draw each layer's map of each method with its share of the fused one, on images that are tested."""
    from bench.errors import BenchError
    from bench.network.targets import default_target, parse_target
    from bench.plugins import load_plugins
    from bench.runs.experiment import find
    from methods import parse
    from methods.spec import split_list
    from reports.layer_sheet import draw

    load_plugins(plugin or ())
    specs = tuple(dict.fromkeys(parse(text, layers="stages") for text in split_list(methods)))
    if not specs:
        raise BenchError("--methods names none: write for example grad-cam,lt-grad-cam")
    experiment = find(settings)
    explained = parse_target(target) if target else default_target(len(experiment.classes))
    blocks = _blocks(experiment, tuple(dict.fromkeys(image or ())), specs, explained)
    height, width = experiment.size
    network = f"{settings.network.name} ({settings.network.head} head)"
    picture = out or Path(f"{_file_stem([block.image.name for block in blocks])}-layers.png")
    draw(blocks, f"{experiment.dataset.name} at {height}x{width}; {network}; target {explained}", picture)
    typer.echo(f"Open {picture}")


def _blocks(
    experiment: "Experiment", asked: tuple[str, ...], specs: "tuple[MethodSpec, ...]", target: "Target"
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
        reporter.faults(experiment.dataset.name, experiment.faults())
        for fold in sorted({one.plan.fold for one in wanted.values()}):
            classifier = experiment.classifier(assignments[fold], reporter.training)
            for name, one in wanted.items():
                if one.plan.fold == fold:
                    found[name] = block(one, classifier, name, specs, target)
    return [found[name] for name in images]


def _file_stem(images: list[str]) -> str:
    return re.sub(r"[^\w.-]+", "-", "-".join(images))[:LONGEST_NAME]
