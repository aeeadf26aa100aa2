"""`python -m bench history`: one method over baselines."""

from typing import Annotated

import typer

from bench.commands.options import Plugin


def history(
    *,
    method: Annotated[str, typer.Option(help="A spec, e.g. ra-cam or layer-cam/S2-S4+lt@30.")],
    plugin: Plugin = None,
) -> None:
    """Show one method in all baselines, the oldest first, with the versions that made them."""
    from bench.commands.console import output
    from bench.plugins import load_plugins
    from methods import parse
    from reports.baselines_table import history as table
    from results.store.baselines import all_baselines

    load_plugins(plugin or ())
    output().print(table(all_baselines(), str(parse(method))))
