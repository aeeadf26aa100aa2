"""`python -m bench time`: how long methods take, in seconds and in bare passes of the network."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Activation, Head, Network, Plugin, Weights
from bench.errors import BenchError
from bench.runs.settings import read_size

if TYPE_CHECKING:
    import torch

    from bench.classifiers.networks import NetworkConfig
    from bench.timing.setup import TimingConfig
    from bench.timing.workloads import Workload
    from results.store.timings import Timings

TIMINGS = Path("results/timings")


def time(
    *,
    methods: Annotated[
        str, typer.Option(help="Sets and specs, as in run; each alone, and beside a library that has it.")
    ] = "gradient,full-grad,lt-full-grad",
    together: Annotated[
        list[str] | None,
        typer.Option(help="NAME=METHODS: methods that share one forward pass; may be given again."),
    ] = None,
    targets: Annotated[
        str,
        typer.Option(
            help="The rows of the suite's own targets instead: all, or some of gradient, truncated, ra, ra-ten, "
            "papers, full-grad, ablation, score, memory; of vgg16 at 640x224, batch 1 and 8, if nothing else is named."
        ),
    ] = "",
    grow: Annotated[
        bool,
        typer.Option(
            "--scaling", help="Vary pixels, images, channels, methods and δ one by one, and fit how time grows."
        ),
    ] = False,
    run: Annotated[
        Path | None,
        typer.Option(help="Folder of a run whose IoU is drawn against time."),
    ] = None,
    input_sizes: Annotated[str, typer.Option(help="HEIGHTxWIDTH of the images, several by commas.")] = "",
    batch_sizes: Annotated[str, typer.Option(help="Images at once, several by commas.")] = "",
    devices: Annotated[str, typer.Option(help="cpu, cuda or cpu,cuda; by default the GPU where there is one.")] = "",
    precision: Annotated[
        str, typer.Option(help="Of the network's passes: fp32, tf32 (GPUs), bf16, several by commas.")
    ] = "fp32",
    threads: Annotated[
        int | None,
        typer.Option(help="Of the processor; as many as torch takes by default.", min=1),
    ] = None,
    repeats: Annotated[int, typer.Option(help="Samples of each work.", min=1)] = 7,
    limit: Annotated[float, typer.Option(help="Seconds after which a work is sampled no more.", min=0)] = 60,
    counted: Annotated[bool, typer.Option("--counted/--only-time", help="Measure memory and operations too.")] = True,
    plugin: Plugin = None,
    out: Annotated[
        Path | None,
        typer.Option(help="New folder; by default one of its own under results/timings."),
    ] = None,
    network: Network = "",
    head: Head = "fc",
    activation: Activation = "relu",
    weights: Weights = "none",
) -> None:
    """Time methods on random images, each beside a bare pass; timings are never cached and never joined."""
    import torch

    from bench.classifiers.networks import BUILTIN, network_config
    from bench.commands.console import reporting
    from bench.plugins import load_plugins
    from bench.timing import scaling, speed_targets
    from bench.timing.measure import TimingPlan, execute
    from methods import select

    plugins = tuple(plugin or ())
    load_plugins(plugins)
    if threads:
        torch.set_num_threads(threads)
    folder = fresh_folder(out)
    if (bool(targets), grow, bool(together)).count(True) > 1:
        raise BenchError("--targets, --scaling and --together exclude each other: time one after the other")
    rows = speed_targets.choose(targets) if targets else []
    configs, left_out = read_configs(
        network_config(network or ("vgg16" if rows else BUILTIN), head, activation),
        weights,
        read_sizes(input_sizes or ("640x224" if rows else "128x128")),
        read_numbers(batch_sizes or ("1,8" if rows else "1")),
        read_devices(devices),
        read_precisions(precision),
    )
    points = [point for config in configs for point in scaling.scaling_points(config, select(methods))] if grow else []
    if rows:
        workloads = speed_targets.workloads_of(rows, configs)
    elif points:
        workloads = scaling.workloads_of(points)
    else:
        own = read_workloads(methods, together or ())
        workloads = [(config, own) for config in configs]
    plan = TimingPlan(workloads, repeats, limit, counted, plugins)
    with reporting() as reporter:
        found = execute(plan, reporter.counting("timing", plan.runs))
    verdicts, growths = tuple(speed_targets.judge(rows, found, configs)), tuple(scaling.growths(points, found))
    _keep(replace(found, left_out=left_out, verdicts=verdicts, growths=growths), folder, run)


def fresh_folder(out: Path | None) -> Path:
    """Return the folder for the results, `out` or one that is named by the time; it is not made yet.

    Raises:
        BenchError: it is there already.
    """
    folder = out or TIMINGS / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
    if folder.exists():
        raise BenchError(f"{folder} is there already, and timings of two days are never joined; name another --out")
    return folder


def read_workloads(methods: str, together: Sequence[str]) -> "list[Workload]":
    """Return what is timed: each method alone, the libraries' counterparts, and groups, each NAME=METHODS.

    Raises:
        BenchError: a group is written in another way.
        MethodError: a spec cannot be read.
    """
    from bench.timing.workloads import Workload, alone, counterparts
    from methods import select

    groups = []
    for text in together:
        name, _, members = (part.strip() for part in text.partition("="))
        if not (name and members):
            raise BenchError(f"--together {text}: write NAME=METHODS, e.g. 'two of them=grad-cam,layer-cam'")
        groups.append(Workload(name, tuple(select(members))))
    specs = select(methods)
    compared = dict.fromkeys([*specs, *(spec for group in groups for spec in group.specs)])
    workloads = [*alone(specs), *counterparts(compared)]
    if taken := {one.name for one in workloads} & {group.name for group in groups}:
        raise BenchError(f"--together {taken.pop()}=...: that is the name of a method; give the group another")
    # A counterpart that was asked for by name stands once, as one that is compared.
    return [*{one.name: one for one in workloads}.values(), *groups]


def read_configs(
    network: "NetworkConfig",
    weights: str,
    sizes: list[tuple[int, int]],
    batches: list[int],
    devices: "list[torch.device]",
    precisions: list[str],
) -> "tuple[tuple[TimingConfig, ...], tuple[str, ...]]":
    """Return every combination that there is, and in words those that there are not.

    Raises:
        BenchError: nothing remains.
    """
    from bench.timing.setup import TimingConfig

    configs, left_out = [], []
    for device in devices:
        for precision in precisions:
            if precision == "tf32" and device.type != "cuda":
                left_out.append(f"tf32 on the {device.type}: it is a precision of GPUs")
                continue
            configs += [
                TimingConfig(network, weights, size, batch, device, precision) for size in sizes for batch in batches
            ]
    if not configs:
        raise BenchError("--precision tf32 is for GPUs; on the cpu there are fp32 and bf16")
    return tuple(configs), tuple(left_out)


def read_sizes(text: str) -> list[tuple[int, int]]:
    """Read sizes HEIGHTxWIDTH in pixels.

    Raises:
        BenchError: one of them is something else, or too small for five stages.
    """
    found = [size for one in text.split(",") if (size := read_size(one.strip(), "--input-sizes"))]
    return list(dict.fromkeys(found))


def read_numbers(text: str) -> list[int]:
    """Read sizes of batches.

    Raises:
        BenchError: one of them is no whole number above 0.
    """
    numbers = [one.strip() for one in text.split(",")]
    if not all(one.isdigit() and int(one) for one in numbers):
        raise BenchError(f"--batch-sizes {text}: write whole numbers above 0, e.g. 1,8")
    return list(dict.fromkeys(map(int, numbers)))


def read_devices(text: str) -> "list[torch.device]":
    """Read kinds of devices; none: the GPU where there is one.

    Raises:
        BenchError: there is no such device.
    """
    import torch

    names = [one.strip() for one in text.split(",")] if text else ["cuda" if torch.cuda.is_available() else "cpu"]
    for name in names:
        if name not in {"cpu", "cuda"}:
            raise BenchError(f"--devices {text}: there is no device {name!r}; write cpu, cuda or cpu,cuda")
        if name == "cuda" and not torch.cuda.is_available():
            raise BenchError(f"--devices {text}: there is no GPU here that torch can use; write --devices cpu")
    return [torch.device(name) for name in dict.fromkeys(names)]


def read_precisions(text: str) -> list[str]:
    """Read names of precisions.

    Raises:
        BenchError: there is no such precision.
    """
    from bench.timing.setup import PRECISIONS

    names = [one.strip() for one in text.split(",")]
    if unknown := [one for one in names if one not in PRECISIONS]:
        raise BenchError(f"--precision {text}: there is no precision {unknown[0]!r}; write {', '.join(PRECISIONS)}")
    return list(dict.fromkeys(names))


def _keep(found: "Timings", folder: Path, run: Path | None) -> None:
    """Write everything into a new folder, and print it."""
    from bench.commands.console import output
    from reports.timing_csv import frame
    from reports.timing_figures import draw
    from reports.timing_notes import notes
    from reports.timing_table import growth_table, markdown, terminal, verdict_table
    from results.store.timings import write

    folder.mkdir(parents=True)
    write(found, folder / "timing.json")
    frame(found).to_csv(folder / "timing.csv", index=False)
    (folder / "timing.md").write_text(markdown(found))
    pictures = draw(found, folder, run)
    console = output()
    for conditions in () if found.growths else found.conditions:
        console.print(str(conditions), style="bold", markup=False)
        for table in terminal(found, conditions):
            console.print(table)
            console.print()
    if found.verdicts:
        console.print(verdict_table(found.verdicts))
        console.print()
    if found.growths:
        console.print(growth_table(found.growths))
        console.print()
    for line in notes(found):
        console.print(line, markup=False)
    first = pictures[0] if pictures else folder / "timing.md"
    console.print(f"\nAll samples are in {folder / 'timing.json'}. Open {first} next.", soft_wrap=True)
