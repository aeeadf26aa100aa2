"""`python -m bench baseline`: runs that others are compared with."""

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import Checkpoints

app = typer.Typer(name="baseline", help="Keep runs that others are compared with.", no_args_is_help=True)


@app.command()
def add(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    *,
    name: Annotated[str, typer.Option(help="Name of the baseline; by default that of the folder.")] = "",
    checkpoints: Checkpoints = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the baseline of this name.")] = False,
) -> None:
    """Copy a run to results/baselines: its manifest, its cells and those of its classifiers that are small."""
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
def show(name: Annotated[str, typer.Argument(help="Name of a baseline.")]) -> None:
    """Print the table of a baseline and what it was made with."""
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
    name: Annotated[str, typer.Argument(help="Name of a baseline in the current folder's results/baselines.")],
) -> None:
    """Delete a baseline."""
    from results.store.baselines import remove as delete

    typer.echo(f"removed {delete(name)}")
