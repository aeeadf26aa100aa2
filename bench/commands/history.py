"""`python -m bench history`: one method over baselines."""

from pathlib import Path
from typing import Annotated, Optional

import typer


def history(
    *,
    method: Annotated[str, typer.Option(help="A spec, e.g. ra-cam or layer-cam/S2-S4+lt@30.")],
    plugin: Annotated[
        Optional[list[Path]],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Python file that registers methods; may be given again."),
    ] = None,
) -> None:
    """Show one method over the baselines, the oldest first, with the versions that they were made with."""
    from bench.commands.console import output
    from bench.plugins import load_plugins
    from methods import parse
    from reports.baselines_table import history as table
    from results.store.baselines import all_baselines

    load_plugins(plugin or ())
    output().print(table(all_baselines(), str(parse(method))))
