"""The commands, joined."""

import typer

from bench import __version__
from bench.commands import baseline, data, listing
from bench.commands.check import check
from bench.commands.compare import compare
from bench.commands.explain import explain
from bench.commands.history import history
from bench.commands.layers import layers
from bench.commands.parity import parity
from bench.commands.readings import readings
from bench.commands.report import report
from bench.commands.run import run
from bench.commands.sweep import sweep
from bench.commands.time_ import time
from bench.commands.train import train
from bench.commands.try_ import try_

app = typer.Typer(
    name="bench",
    help="Compare class activation maps for weakly supervised defect segmentation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(report)
app.command()(sweep)
app.command()(train)
app.command()(readings)
app.command()(explain)
app.command()(layers)
app.command()(parity)
app.command()(time)
app.command()(data.fetch)
app.command()(data.verify)
app.command()(data.leaks)
app.command()(data.show)
app.command("try")(try_)
app.command()(check)
app.command()(compare)
app.command()(history)
app.add_typer(baseline.app, name="baseline")
app.add_typer(listing.app, name="list")


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
