"""The options of all commands, each declared once.

What `bench.runs.settings` holds has its name, default and help there; what only commands have stands here.
"""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any, get_args, get_origin

import typer

from bench.runs import settings
from bench.runs.settings import (
    DatasetSettings,
    ExperimentSettings,
    NetworkSettings,
    PluginSettings,
    RunSettings,
    Settings,
    StudySettings,
)

CLASSIFIER = "Classifier"
PANELS: dict[type, str] = {
    DatasetSettings: "Dataset",
    NetworkSettings: CLASSIFIER,
    ExperimentSettings: CLASSIFIER,
}
"""Where the help shows the settings that these classes declare; others stand among a command's own options."""


def option(kind: type[Settings], name: str, panel: str | None = None) -> Any:
    """Return the option for the setting `name`, with its help and its lower bound."""
    field = kind.model_fields[name]
    least = next((one.ge for one in field.metadata if hasattr(one, "ge")), None)
    return typer.Option(f"--{name.replace('_', '-')}", help=field.description, min=least, rich_help_panel=panel)


def _drawable(picture: Path | None) -> Path | None:
    """Refuse the name of a picture that cannot be drawn, before anything is computed for it."""
    from reports.saving import check_picture

    return picture and check_picture(picture)


DataRoot = Annotated[Path | None, option(DatasetSettings, "data_root")]
Size = Annotated[str, option(DatasetSettings, "size")]
Folds = Annotated[int, option(DatasetSettings, "folds")]
Checkpoints = Annotated[Path | None, option(ExperimentSettings, "checkpoints")]
Network = Annotated[str, option(NetworkSettings, "network")]
Head = Annotated[settings.Head, option(NetworkSettings, "head")]
Device = Annotated[str, option(ExperimentSettings, "device")]
Plugin = Annotated[list[Path] | None, option(PluginSettings, "plugin")]
Target = Annotated[str, option(RunSettings, "target")]
Threshold = Annotated[str, option(RunSettings, "threshold")]
MasklessThreshold = Annotated[str, option(StudySettings, "threshold")]
PairedThreshold = Annotated[str, typer.Option(help="otsu, fixed:0.5, percentile:95 or tuned.")]
Picture = Annotated[
    Path | None,
    typer.Option(
        help="The picture to write (.png, .pdf, .svg or .jpg); by default one of its own in the current folder.",
        callback=_drawable,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors, and JSON where it is asked for.")]


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Put options in the place of the parameter `settings` of a command, one for each setting of its class."""
    own = inspect.signature(command).parameters
    kind: type[Settings] = own["settings"].annotation
    names = _in_order(kind)

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in names}
        command(settings=kind.read(chosen), **given)

    parameters: list[inspect.Parameter] = []
    for one in own.values():
        parameters += [_parameter(kind, name) for name in names] if one.name == "settings" else [one]
    vars(with_options)["__signature__"] = inspect.Signature(parameters)
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


def _in_order(kind: type[Settings]) -> list[str]:
    """Return the names of all settings: those of a command's own first, the most specific ones at the top."""
    own = (name for one in kind.__mro__ for name in inspect.get_annotations(one) if name in kind.model_fields)
    return [
        *dict.fromkeys(name for name in own if not _panel(kind, name)),
        *(name for name in kind.model_fields if _panel(kind, name)),
    ]


def _panel(kind: type[Settings], name: str) -> str | None:
    """Return the panel of the class that declares a setting first."""
    first = next(one for one in reversed(kind.__mro__) if name in inspect.get_annotations(one))
    return PANELS.get(first)


def _parameter(kind: type[Settings], name: str) -> inspect.Parameter:
    field = kind.model_fields[name]
    value: Any = field.annotation
    if get_origin(value) is tuple:  # of which the command line's library knows none of any length
        value = GenericAlias(list, get_args(value)[:1])
    annotation = Annotated[value, option(kind, name, _panel(kind, name))]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=annotation)
