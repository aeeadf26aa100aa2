"""`python -m bench list`: what there is to choose from."""

from typing import Annotated

import typer

app = typer.Typer(help="List methods, or the layers of a network.", no_args_is_help=True)


@app.command()
def methods() -> None:
    """List the methods and the aliases, with their layers and where their equations are."""
    from rich.table import Table

    from bench.commands.terminal import output
    from methods import METHODS
    from methods.registry import ALIASES

    table = Table("Method", "Layers", "Paper", box=None)
    for method in METHODS.values():
        table.add_row(method.name, method.layers, method.paper)
    for name, spec in ALIASES.items():
        table.add_row(name, "", f"{spec}")
    output().print(table)


@app.command()
def layers(
    model: Annotated[str, typer.Option(help="vgg-small, or a torchvision network.")] = "vgg-small",
    head: Annotated[str, typer.Option(help="fc or gap.")] = "fc",
    size: Annotated[str, typer.Option(help="Input size HEIGHTxWIDTH.")] = "224x224",
) -> None:
    """List the stages and the layers of a network with their shapes; signed ones can be negative."""
    import torch
    from rich.table import Table

    from bench.anatomy import examine
    from bench.classifiers.networks import build
    from bench.commands.setting import network_config, read_size
    from bench.commands.terminal import output

    config = network_config(model, head, "relu")
    height, width = read_size(size) or (224, 224)
    noise = torch.randn(1, config.channels, height, width, generator=torch.Generator().manual_seed(0))
    anatomy = examine(build(config), noise)
    stages = {name: f"S{number}" for number, name in enumerate(anatomy.stages, 1)}
    table = Table("Stage", "Layer", "Kind", "Shape", "Sign", box=None)
    for layer in anatomy.layers.values():
        if len(layer.shape) == 3:
            shape = "x".join(map(str, layer.shape))
            sign = "signed" if layer.signed else ""
            table.add_row(stages.get(layer.name, ""), f"layer.{layer.name}", layer.kind, shape, sign)
    output().print(table)
