"""`python -m bench fetch`, `verify`, `leaks` and `show`: the images, before anything is trained on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import DataRoot, Folds, Picture, Plugin, Size, takes_settings
from bench.runs.settings import CopySettings

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
    from bench.plugins import load_plugins

    load_plugins(plugin or ())
    dataset = datasets.get_dataset(name)
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


@takes_settings
def verify(name: Name, settings: CopySettings, *, size: Size = "", plugin: Plugin = None) -> None:
    """Read every image and mask, and list all faults at once; exit code 1 if there are any."""
    from bench.own import datasets
    from bench.runs.settings import read_size

    copy = _copy(name, settings, plugin)
    height, width = read_size(size) or copy.dataset.size
    table, faults = datasets.faults.verify(copy, (height, width))
    for fault in faults:
        typer.echo(str(fault))
    number = f"{len(faults)} fault{'s' * (len(faults) != 1)}" if faults else "no faults"
    if table is None:
        typer.echo(f"{copy.name}: {number}; more may show when these are mended")
    else:
        counts = []
        for split in datasets.SPLITS:
            labels = table["label"][table["split"] == split]
            counts.append(
                f"{split}: " + ", ".join(f"{(labels == one).sum()} {one}" for one in datasets.classes_of(table))
            )
        items = table["group"].nunique()
        typer.echo(
            f"{copy.name}: {len(table)} images of {items} items at {height}x{width}, {number}; {'; '.join(counts)}"
        )
    if faults:
        raise typer.Exit(1)


@takes_settings
def leaks(name: Name, settings: CopySettings, *, folds: Folds = 0, out: Picture = None, plugin: Plugin = None) -> None:
    """Find near-duplicates across splits, and count those of a random split of single images.

    Items that show the same part are taken as one; objects in the same pose are no near-duplicates.
    """
    from bench.own import datasets
    from bench.studies.dataset_sheets import near_duplicates_of
    from reports.near_duplicate_sheet import draw
    from results.store.record import file_name

    copy = _copy(name, settings, plugin)
    tables = datasets.leaks.parts(copy.samples(), folds)
    pairs = datasets.leaks.near_duplicates(tables[0]["image_path"].tolist())
    across, joined = datasets.leaks.crossing(pairs, tables), datasets.leaks.joined(pairs, copy.own_items(), tables[0])
    rows = datasets.leaks.described([*across, *joined], tables)
    _list_pairs(rows.head(LISTED))
    _compare_splits(pairs, tables, "folds by item" if folds else "the dataset's split")
    typer.echo(
        f"{copy.name}: {len(pairs)} pair{'s' * (len(pairs) != 1)} of near-duplicates, {len(across)} of them across "
        f"splits, {len(joined)} of items that are taken as one"
    )
    if len(rows):
        target = out or Path(f"{file_name(copy.name)}-leaks.png")
        drawn = datasets.leaks.apart([*across, *joined])[:DRAWN]
        splits = datasets.leaks.described(drawn, tables)["splits"].tolist()
        draw(near_duplicates_of(tables[0], drawn, splits), f"{copy.name}: closest near-duplicates", target)
        rows.to_csv(target.with_suffix(".csv"), index=False)
        typer.echo(f"The closest are in {target}, all in {target.with_suffix('.csv')}")


@takes_settings
def show(name: Name, settings: CopySettings, *, out: Picture = None, plugin: Plugin = None) -> None:
    """Draw images of each class and split with outlined defects, and a histogram of the sizes of defects."""
    from bench.own import datasets
    from bench.studies.dataset_sheets import kinds_of
    from reports.contact_sheet import draw
    from results.store.record import file_name

    copy = _copy(name, settings, plugin)
    table = datasets.assign(copy.samples())
    target = out or Path(f"{file_name(copy.name)}-images.png")
    draw(kinds_of(table), f"{copy.name}: {len(table)} images, {table['group'].nunique()} items", target)
    typer.echo(f"Open {target}")


def _copy(name: str, settings: CopySettings, plugin: list[Path] | None) -> "datasets.LocalCopy":
    """Return the copy of the dataset of this name, which a file or an installed package may have brought."""
    from bench.plugins import load_plugins

    load_plugins(plugin or ())
    return settings.find_copy(name)


def _list_pairs(rows: "pd.DataFrame") -> None:
    from bench.commands.console import output
    from reports.grid import Grid

    columns = ["First", "Second", "Splits", "Whole", "Own detail", "Both show", "The second is"]
    numbers = rows.assign(correlation=rows["correlation"].map("{:.3f}".format), own=rows["own"].map("{:.3f}".format))
    shown = numbers[["first", "second", "splits", "correlation", "own", "shows", "move"]].astype(str)
    if len(shown):
        output().print(Grid(columns, shown.to_numpy().tolist()).terminal())


def _compare_splits(pairs: "list[datasets.leaks.Pair]", tables: "list[pd.DataFrame]", own: str) -> None:
    from bench.commands.console import output
    from bench.own import datasets
    from reports.grid import Grid

    tested = sum(int((table["split"] == "test").sum()) for table in tables)
    rows = []
    for what, split in ((own, tables), ("single images at random", datasets.leaks.shuffled(tables))):
        number = datasets.leaks.leaked(pairs, split)
        rows.append([what, str(tested), f"{number} ({100 * number / tested:.1f} %)"])
    output().print(Grid(["Split", "Tested", "With a near-duplicate in training"], rows).terminal())


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
