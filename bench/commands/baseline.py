"""`python -m bench baseline`: runs that others are compared with."""

from pathlib import Path
from typing import Annotated, Optional

import typer

app = typer.Typer(name="baseline", help="Keep runs for others to be compared with.", no_args_is_help=True)


@app.command()
def add(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    *,
    name: Annotated[str, typer.Option(help="Of the baseline; by default that of the folder.")] = "",
    checkpoints: Annotated[
        Optional[Path],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Folder of its classifiers, of which small ones are kept too; else the user's cache."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a baseline of this name.")] = False,
) -> None:
    """Keep a run as a baseline under results/baselines: manifest, statistics and small classifiers, no pictures."""
    from bench.own import datasets
    from results.store.baselines import add as add_baseline
    from results.store.run_store import RunStore

    cache = checkpoints or datasets.cache_folder() / "classifiers"
    folder = add_baseline(RunStore(run), name or run.resolve().name, cache, replace=replace)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    typer.echo(f"kept {folder}: {size / 1e6:.1f} MB")


@app.command("list")
def list_them() -> None:
    """List the baselines."""
    from bench.commands.console import output
    from reports.baselines_table import overview
    from results.store.baselines import all_baselines

    output().print(overview(all_baselines()))


@app.command()
def show(name: Annotated[str, typer.Argument(help="Of a baseline.")]) -> None:
    """Print the table of a baseline, and what it was made with."""
    from bench.commands.console import output
    from reports.baselines_table import origin
    from reports.methods_table import notes, terminal
    from reports.summary import summarise
    from results.metrics.thresholds import ThresholdPolicy
    from results.store.baselines import find_run

    summary = summarise(find_run(name).folder, ThresholdPolicy("otsu"))
    console = output()
    console.print(terminal(summary))
    console.print()
    for line in [*notes(summary), origin(summary.manifest)]:
        console.print(line, markup=False)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Of a baseline in the current folder's results/baselines.")],
) -> None:
    """Delete a baseline."""
    from results.store.baselines import remove as delete

    typer.echo(f"removed {delete(name)}")
