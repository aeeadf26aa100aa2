"""The commands and their options, as their help texts say them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from bench.commands.app import app
from docs.generating.writing import write_page

PROGRAM = "python -m bench"


@dataclass(frozen=True)
class Option:
    """An option or an argument as the help shows it.

    Attributes:
        written: its names and what it takes.
        help: what it does, and its default.
        panel: heading under which it stands; empty for the command's own options.
    """

    written: str
    help: str
    panel: str


@dataclass(frozen=True)
class Command:
    """A command as its help shows it.

    Attributes:
        name: what is written behind ``python -m bench`` to call it.
        usage: the whole line, with placeholders for what has to follow.
        help: what it does.
        panel: heading under which the help lists it.
        options: its own and those that it shares with others.
    """

    name: str
    usage: str
    help: str
    panel: str
    options: tuple[Option, ...]


def commands() -> list[Command]:
    """Return every command, those of a group one by one, in the order of the help."""
    return list(_of_group(typer.main.get_command(app), typer.Context(typer.main.get_command(app), info_name=PROGRAM)))


def write_commands(folder: Path) -> None:
    """Write the page about commands."""
    found = commands()
    panels = {
        panel: [one for one in found if one.panel == panel] for panel in dict.fromkeys(one.panel for one in found)
    }
    write_page(folder / "commands.md", "commands.md", panels=panels)


def _of_group(group: Any, context: typer.Context, panel: str = "Commands") -> Iterator[Command]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        below = type(context)(command, info_name=name, parent=context)
        heading = _text(command.rich_help_panel, panel)
        if isinstance(command, TyperGroup):
            yield from _of_group(command, below, heading)
        else:
            options = tuple(_options(command, below))
            usage = " ".join([below.command_path, *command.collect_usage_pieces(below)])
            yield Command(below.command_path.removeprefix(f"{PROGRAM} "), usage, command.help or "", heading, options)


def _options(command: Any, context: typer.Context) -> Iterator[Option]:
    for one in command.params:
        if record := one.get_help_record(context):
            written, text = record
            yield Option(written, " ".join(text.split()), _text(one.rich_help_panel, ""))


def _text(given: object, otherwise: str) -> str:
    """Return what was given as text, and not as the placeholder of a default."""
    return given if isinstance(given, str) and given else otherwise
