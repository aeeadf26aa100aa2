"""The commands, joined; the module of a command is imported when it is asked for."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from bench import __version__

COMMANDS = {
    "Runs": {
        "run": "run:run",
        "report": "report:report",
        "train": "train:train",
        "list": "listing:app",
    },
    "Masks": {
        "explain": "explain:explain",
        "layers": "layers:layers",
    },
    "Data": {
        "fetch": "data:fetch",
        "verify": "data:verify",
        "show": "data:show",
        "leaks": "data:leaks",
    },
    "Compare": {
        "compare": "compare:compare",
        "try": "try_:try_",
        "check": "check:check",
        "baseline": "baseline:app",
        "history": "history:history",
        "sweep": "sweep:sweep",
        "readings": "readings:readings",
        "parity": "parity:parity",
    },
    "Time": {
        "time": "time_:time",
    },
}
"""Where each command is, a module of this folder and its function or group, in the panels and the order of the help."""
NAMES = [name for panel in COMMANDS.values() for name in panel]


class LazyGroup(TyperGroup):
    """Knows the names of its commands, and imports a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  the command line's library calls it so
        """Return the names, in the order of the help."""
        return NAMES

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; for a name that is none, all are imported, so that near ones can be named."""
        for name in [cmd_name] if cmd_name in NAMES else NAMES:
            if name not in self.commands:
                self.add_command(_load(name), name)
        return super().get_command(ctx, cmd_name)


def _load(name: str) -> Any:
    (panel,) = [panel for panel, places in COMMANDS.items() if name in places]
    module, _, attribute = COMMANDS[panel][name].partition(":")
    found = getattr(import_module(f"bench.commands.{module}"), attribute)
    holder = typer.Typer()
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name, rich_help_panel=panel)
    else:
        holder.command(name, rich_help_panel=panel)(found)
    return typer.main.get_group(holder).commands[name]


app = typer.Typer(
    name="bench",
    cls=LazyGroup,
    help="Compare class activation maps for weakly supervised defect segmentation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:  # noqa: FBT001  the command line's library calls it so
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    *,
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Compare class activation maps for weakly supervised defect segmentation."""
