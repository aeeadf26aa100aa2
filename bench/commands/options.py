"""The options that every command shares which needs a dataset and classifiers."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.classifiers.networks import NetworkConfig
    from bench.runs.experiment import ExperimentSettings

DATA = "Dataset"
CLASSIFIER = "Classifier"
Head = Annotated[
    Literal["fc", "gap"], typer.Option(help="Two linear layers, or pooling and one.", rich_help_panel=CLASSIFIER)
]
Activation = Annotated[Literal["relu", "leaky_relu"], typer.Option(help="Of the body.", rich_help_panel=CLASSIFIER)]
Weights = Annotated[str, typer.Option(help="Of the body: none, imagenet or a file.", rich_help_panel=CLASSIFIER)]


def _settings(
    *,
    dataset: Annotated[str, typer.Option(help="Name of the dataset.", rich_help_panel=DATA)] = "synthetic",
    data_root: Annotated[
        Optional[Path],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Its folder; else $CAM_BENCH_DATA/NAME, else the user's cache folder.", rich_help_panel=DATA),
    ] = None,
    group_by: Annotated[
        str,
        typer.Option(help="Regular expression on an id that gives the physical item.", rich_help_panel=DATA),
    ] = "",
    one_kind: Annotated[
        bool, typer.Option("--one-kind", help="Call every kind of defect 'defect'.", rich_help_panel=DATA)
    ] = False,
    size: Annotated[
        str, typer.Option(help="Input size HEIGHTxWIDTH; the dataset's own by default.", rich_help_panel=DATA)
    ] = "",
    folds: Annotated[
        int,
        typer.Option(help="Folds by item, every item tested once; 0: one split.", min=0, rich_help_panel=DATA),
    ] = 0,
    network: Annotated[
        str,
        typer.Option(
            help="vgg-small, a torchvision network, timm:NAME, or your own package.module:factory.",
            rich_help_panel=CLASSIFIER,
        ),
    ] = "vgg-small",
    head: Head = "fc",
    activation: Activation = "relu",
    weights: Weights = "none",
    checkpoint: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="All tensors of a network trained elsewhere, taken as it is.", rich_help_panel=CLASSIFIER),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Classifiers to train on each fold.", min=1, rich_help_panel=CLASSIFIER)
    ] = 1,
    recipe: Annotated[
        str,
        typer.Option(help="Changes to the training recipe, e.g. epochs=6,batch=8.", rich_help_panel=CLASSIFIER),
    ] = "",
    checkpoints: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of trained classifiers; else the user's cache.", rich_help_panel=CLASSIFIER),
    ] = None,
    device: Annotated[
        str,
        typer.Option(help="cpu, cuda, ...; the GPU by default where there is one.", rich_help_panel=CLASSIFIER),
    ] = "",
) -> "ExperimentSettings":
    """Check the shared options and return what they stand for."""
    import torch
    from pydantic import ValidationError

    from bench.classifiers.recipe import default_recipe
    from bench.own import datasets
    from bench.runs.experiment import ExperimentSettings

    config = network_config(network, head, activation)
    default = default_recipe(config)
    try:
        changed = type(default).model_validate(default.model_dump() | _pairs(recipe))
    except ValidationError as error:
        wrong = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
        raise BenchError(f"--recipe {recipe}: {wrong}; it has {', '.join(type(default).model_fields)}") from error
    return ExperimentSettings(
        dataset=dataset,
        data_root=data_root,
        group_by=group_by,
        one_kind=one_kind,
        size=read_size(size),
        folds=folds,
        seeds=seeds,
        network=config,
        weights=weights,
        checkpoint=checkpoint,
        recipe=changed,
        cache=checkpoints or datasets.cache_folder() / "classifiers",
        device=torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")),
    )


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the shared options in place of its parameter `settings`."""
    shared = inspect.signature(_settings).parameters
    own = [one for one in inspect.signature(command).parameters.values() if one.name != "settings"]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in shared}
        command(settings=_settings(**chosen), **given)

    parameters = [*own, *shared.values()]
    vars(with_options)["__signature__"] = inspect.Signature(parameters)
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


def network_config(name: str, head: str, activation: str) -> "NetworkConfig":
    """Return the network that was asked for.

    Raises:
        BenchError: there is none of this name.
    """
    from bench.classifiers.bodies import check_name
    from bench.classifiers.networks import BUILTIN, NetworkConfig

    if name != BUILTIN:
        check_name(name)
    return NetworkConfig.model_validate({"name": name, "head": head, "activation": activation})


def read_size(text: str, option: str = "--size") -> tuple[int, int] | None:
    """Read HEIGHTxWIDTH in pixels, what an option was given; None for an empty text.

    Raises:
        BenchError: it is something else, or too small for five stages.
    """
    if not text:
        return None
    height, _, width = text.partition("x")
    if not (height.isdigit() and width.isdigit() and min(int(height), int(width)) >= 32):
        raise BenchError(f"{option} {text}: write HEIGHTxWIDTH in pixels, at least 32 each, e.g. 704x256")
    return int(height), int(width)


def _pairs(text: str) -> dict[str, str]:
    pairs = [piece.partition("=") for piece in text.split(",") if piece]
    return {key.strip(): value.strip() for key, _, value in pairs}
