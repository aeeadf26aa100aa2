"""`python -m bench fetch`, `verify`, `leaks` and `show`: the images, before anything is trained on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import DataRoot, Folds, Picture, Plugin, Size

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import Progress

    from bench.own import datasets

Name = Annotated[str, typer.Argument(help="Name of the dataset, or of a part of it, e.g. ksdd or mvtec:bottle.")]
LISTED, DRAWN = 30, 12
"""Near-duplicates on the terminal, and in the picture."""


def fetch(name: Name, data_root: DataRoot = None, plugin: Plugin = None) -> None:
    """Download a dataset from its official address, check it and unpack it; what is there is not downloaded again."""
    from bench.own import datasets

    dataset = _dataset(name, plugin)
    if dataset.archive is None:
        typer.echo(f"There is nothing to fetch for {name}: {dataset.url}.")
        return
    typer.echo(datasets.download.terms(dataset, dataset.archive))
    with _bytes_bar() as progress:
        task = progress.add_task(dataset.archive.name, total=None)
        done = datasets.download.fetch(
            dataset,
            datasets.download.destination(dataset, data_root),
            lambda there, total: progress.update(task, completed=there, total=total or None),
        )
    typer.echo(f"{done}.")


def verify(name: Name, data_root: DataRoot = None, size: Size = "", plugin: Plugin = None) -> None:
    """Read every image and mask, and list all faults at once; exit code 1 if there are any."""
    from bench.own import datasets
    from bench.runs.settings import read_size

    dataset = _dataset(name, plugin)
    height, width = read_size(size) or dataset.size
    table, faults = datasets.faults.verify(dataset, datasets.find_root(dataset, data_root), (height, width))
    for fault in faults:
        typer.echo(str(fault))
    number = f"{len(faults)} fault{'s' * (len(faults) != 1)}" if faults else "no faults"
    if table is None:
        typer.echo(f"{name}: {number}; more may show when these are mended")
    else:
        counts = []
        for split in datasets.SPLITS:
            labels = table["label"][table["split"] == split]
            counts.append(
                f"{split}: " + ", ".join(f"{(labels == one).sum()} {one}" for one in datasets.classes_of(table))
            )
        typer.echo(f"{name}: {len(table)} images at {height}x{width}, {number}; {'; '.join(counts)}")
    if faults:
        raise typer.Exit(1)


def leaks(name: Name, data_root: DataRoot = None, folds: Folds = 0, out: Picture = None, plugin: Plugin = None) -> None:
    """Find near-duplicates across splits, and count those of a random split of single images."""
    from bench.own import datasets
    from bench.studies.dataset_sheets import near_duplicates_of
    from reports.near_duplicate_sheet import draw

    tables = datasets.leaks.parts(_samples(_dataset(name, plugin), data_root), folds)
    pairs = datasets.leaks.near_duplicates(tables[0]["image_path"].tolist())
    found = datasets.leaks.crossing(pairs, tables)
    rows = datasets.leaks.described(found, tables)
    _list_pairs(rows.head(LISTED))
    _compare_splits(pairs, tables, "folds by item" if folds else "the dataset's split")
    typer.echo(f"{name}: {len(found)} near-duplicate{'s' * (len(found) != 1)} across splits, {len(pairs)} in all")
    if found:
        target = out or Path(f"{name.replace(':', '-')}-leaks.png")
        drawn = datasets.leaks.apart(found)[:DRAWN]
        splits = datasets.leaks.described(drawn, tables)["splits"].tolist()
        draw(near_duplicates_of(tables[0], drawn, splits), f"{name}: closest near-duplicates across splits", target)
        rows.to_csv(target.with_suffix(".csv"), index=False)
        typer.echo(f"The closest are in {target}, all in {target.with_suffix('.csv')}")


def show(name: Name, data_root: DataRoot = None, out: Picture = None, plugin: Plugin = None) -> None:
    """Draw images of each class and split with outlined defects, and a histogram of the sizes of defects."""
    from bench.own import datasets
    from bench.studies.dataset_sheets import kinds_of
    from reports.contact_sheet import draw

    table = datasets.assign(_samples(_dataset(name, plugin), data_root))
    target = out or Path(f"{name.replace(':', '-')}-images.png")
    draw(kinds_of(table), f"{name}: {len(table)} images, {table['group'].nunique()} items", target)
    typer.echo(f"Open {target}")


def _dataset(name: str, plugin: list[Path] | None) -> "datasets.Dataset":
    """Return the dataset of this name, which a file or an installed package may have brought."""
    from bench.own import datasets
    from bench.plugins import load_plugins

    load_plugins(plugin or ())
    return datasets.get_dataset(name)


def _samples(dataset: "datasets.Dataset", data_root: Path | None) -> "pd.DataFrame":
    from bench.own import datasets

    return dataset.samples(datasets.find_root(dataset, data_root))


def _list_pairs(rows: "pd.DataFrame") -> None:
    from rich.table import Table

    from bench.commands.console import output

    shown = Table("First", "Second", "Splits", "Correlation", "The second is", box=None)
    for row in rows.itertuples(index=False):
        shown.add_row(f"{row.first}", f"{row.second}", f"{row.splits}", f"{row.correlation:.3f}", f"{row.move}")
    if len(rows):
        output().print(shown)


def _compare_splits(pairs: "list[datasets.leaks.Pair]", tables: "list[pd.DataFrame]", own: str) -> None:
    from rich.table import Table

    from bench.commands.console import output
    from bench.own import datasets

    tested = sum(int((table["split"] == "test").sum()) for table in tables)
    shown = Table("Split", "Tested", "With a near-duplicate in training", box=None)
    for what, split in ((own, tables), ("single images at random", datasets.leaks.shuffled(tables))):
        number = datasets.leaks.leaked(pairs, split)
        shown.add_row(what, str(tested), f"{number} ({100 * number / tested:.1f} %)")
    output().print(shown)


def _bytes_bar() -> "Progress":
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from bench.commands.console import messages

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=messages, disable=not messages.is_terminal)
