"""`python -m bench explain`: what a method sees in a user's own images."""

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Device, MasklessThreshold, Plugin
from bench.errors import BenchError


def explain(
    images: Annotated[list[Path], typer.Argument(help="Image files.")],
    checkpoint: Annotated[
        Path, typer.Option(help="A classifier (.safetensors, its card beside it), as train writes it.")
    ],
    method: Annotated[str, typer.Option(help="A spec, e.g. ra-cam or grad-cam/stages+lt@30.")] = "ra-cam",
    plugin: Plugin = None,
    target: Annotated[
        str, typer.Option(help="What is explained: a class index, predicted or margin; by default the defect class.")
    ] = "",
    threshold: MasklessThreshold = "otsu",
    out: Annotated[Path, typer.Option(help="Folder of the files that are written.")] = Path("explanations"),
    device: Device = "",
) -> None:
    """Write an overlay, the raw heatmap (float32), the mask and a JSON of each image, at the image's own size."""
    from bench.classifiers.checkpoint import load
    from bench.network.targets import default_target, parse_target
    from bench.plugins import load_plugins
    from bench.runs.experiment import find_device
    from bench.studies.explain_images import explain_image, stems, write
    from methods import parse
    from results.metrics.thresholds import check_unsupervised, parse_policy
    from results.store.cells import GOOD

    places = stems(images, out)
    load_plugins(plugin or ())
    spec, policy = parse(method), parse_policy(threshold)
    check_unsupervised(policy)
    classifier = load(checkpoint, find_device(device))
    classes = classifier.card.plan.classes
    kinds = classes[0] != GOOD
    explained = parse_target(target, kinds=kinds) if target else default_target(len(classes), kinds=kinds)
    if explained.uses_label:
        raise BenchError("--target label: these images have no label; choose a class index, predicted or margin")
    for image, place in zip(images, places, strict=True):
        picture, *_ = write(explain_image(classifier, image, spec, explained, policy), place)
        typer.echo(f"Open {picture}")
