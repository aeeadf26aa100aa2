"""`python -m bench layers`: what methods see in each layer of the classifier, and what they make of it."""

import re
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Picture, Target, takes_settings
from bench.runs.settings import ExperimentSettings

LONGEST_NAME = 200
"""Characters of the ids in the name of a picture: file systems take little more."""


@takes_settings
def layers(
    *,
    methods: Annotated[
        str, typer.Option(help="Specs, e.g. grad-cam,full-grad+lt@30; where one names no layers, the stages are taken.")
    ] = "grad-cam,lt-grad-cam",
    image: Annotated[
        list[str] | None,
        typer.Option(help="Id of an image; may be given again. By default one of each kind of defect, at most 3."),
    ] = None,
    target: Target = "",
    out: Picture = None,
    settings: ExperimentSettings,
) -> None:
    """Draw the map of each layer beside the fused one, with its share of it, for some test images."""
    from bench.commands.console import reporting
    from bench.errors import BenchError
    from bench.plugins import load_plugins
    from bench.runs.experiment import find
    from bench.studies.layers import blocks_of
    from methods import parse
    from methods.sets import split_list
    from reports.layer_sheet import draw

    load_plugins(settings.plugin)
    specs = tuple(dict.fromkeys(parse(text, layers="stages") for text in split_list(methods)))
    if not specs:
        raise BenchError("no methods are named: write for example --methods grad-cam,lt-grad-cam")
    experiment = find(settings)
    explained = experiment.target(target)
    with reporting() as reporter:
        blocks = blocks_of(experiment, image or (), specs, explained, reporter)
    height, width = experiment.size
    network = f"{settings.network} ({settings.head} head)"
    picture = out or Path(f"{_file_stem([block.image.name for block in blocks])}-layers.png")
    draw(blocks, f"{experiment.copy.name} at {height}x{width}; {network}; target {explained}", picture)
    typer.echo(f"Open {picture}")


def _file_stem(images: list[str]) -> str:
    return re.sub(r"[^\w.-]+", "-", "-".join(images))[:LONGEST_NAME]
