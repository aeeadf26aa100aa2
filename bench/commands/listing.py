"""`python -m bench list`: what there is to choose from."""

from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Head, Network, Plugin

if TYPE_CHECKING:
    from bench.own import datasets

app = typer.Typer(help="List methods, datasets, or the layers of a network.", no_args_is_help=True)


@app.command()
def methods(*, plugin: Plugin = None) -> None:
    """List methods, aliases and wrappers (``sess:`` before any method), their layers and where their equations are."""
    from bench.commands.console import output
    from bench.plugins import load_plugins
    from methods import METHODS
    from methods.registry import ALIASES, WRAPPERS
    from reports.grid import Grid

    load_plugins(plugin or ())
    rows = [[method.name, method.layers, method.paper] for method in METHODS.values()]
    rows += [[alias.name, "", ": ".join(filter(None, (alias.spec, alias.paper)))] for alias in ALIASES.values()]
    rows += [[f"{wrapper.name}:", "", wrapper.paper] for wrapper in WRAPPERS.values()]
    output().print(Grid(["Method", "Layers", "Paper"], rows).terminal())


@app.command("datasets")
def list_datasets(*, plugin: Plugin = None) -> None:
    """List the datasets: images (defective ones) of each split where they were found, or how to get them."""
    from bench.commands.console import output
    from bench.own import datasets
    from bench.plugins import load_plugins
    from reports.grid import Column, Grid

    load_plugins(plugin or ())
    rows = []
    for dataset in datasets.DATASETS.values():
        counts, where = _inventory(dataset)
        rows.append([dataset.name, *counts, "x".join(map(str, dataset.size)), dataset.licence, where])
    columns: list[Column | str] = ["Dataset", *datasets.SPLITS, "Size", "Licence", Column("Where", wrap="anywhere")]
    output().print(Grid(columns, rows).terminal())
    output().print("Images (defective ones) of each split: the official one, else by item, as run takes it.")


def _inventory(dataset: "datasets.Dataset") -> tuple[list[str], str]:
    """Return images (defective ones) of each split, or nothing, and where they are or how to get them."""
    from bench.own import datasets

    root, unknown = datasets.download.destination(dataset, None), [""] * len(datasets.SPLITS)
    archive, version = dataset.archive, datasets.synthetic.VERSION
    # What is generated is not made only to be counted.
    if not (any(root.glob(f"synthetic-v{version}-*")) if dataset.generated else root.is_dir()):
        return unknown, f"python -m bench fetch {dataset.name}" if archive and archive.url else dataset.url
    try:
        table = datasets.assign(dataset.samples(root))
    except datasets.DatasetError as error:
        return unknown, str(error)
    splits = [table["label"][table["split"] == split] for split in datasets.SPLITS]
    return [f"{len(labels)} ({(labels != datasets.GOOD).sum()})" for labels in splits], str(root)


@app.command()
def layers(
    *,
    network: Network = "vgg-small",
    head: Head = "fc",
    size: Annotated[str, typer.Option(help="Input size HEIGHTxWIDTH in pixels.")] = "224x224",
) -> None:
    """List the stages and the layers of a network with their shapes; signed ones can be negative."""
    import torch

    from bench.classifiers.networks import build, network_config
    from bench.commands.console import output
    from bench.network.anatomy import examine
    from bench.runs.settings import read_size
    from reports.grid import Grid

    config = network_config(network, head)
    height, width = read_size(size) or (224, 224)
    noise = torch.randn(1, config.channels, height, width, generator=torch.Generator().manual_seed(0))
    anatomy = examine(build(config), noise)
    stages = {name: f"S{number}" for number, name in enumerate(anatomy.stages, 1)}
    rows = [
        [stages.get(one.name, ""), f"layer.{one.name}", one.kind, "x".join(map(str, one.shape)), "signed" * one.signed]
        for one in anatomy.layers.values()
        if len(one.shape) == 3
    ]
    output().print(Grid(["Stage", "Layer", "Kind", "Shape", "Sign"], rows).terminal())
