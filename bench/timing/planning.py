"""From settings to timings: what is timed, under which conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from bench.classifiers.networks import BUILTIN, NetworkConfig, network_config
from bench.errors import BenchError
from bench.plugins import load_plugins
from bench.runs.settings import read_size
from bench.timing import scaling, speed_targets
from bench.timing.measure import Advance, TimingPlan, execute
from bench.timing.settings import TimeSettings
from bench.timing.setup import PRECISIONS, TimingConfig
from bench.timing.workloads import Workload, alone, counterparts
from methods import MethodSpec, select
from results.store.timings import Timings


def time_methods(settings: TimeSettings, counting: Callable[[str, int], Advance]) -> Timings:
    """Time what the settings ask for.

    Args:
        settings: what is timed.
        counting: is told how many times workloads will be run, at most; returns what is told of each time.

    Raises:
        BenchError: settings cannot be read, or exclude each other.
        MethodError: a spec cannot be read.
    """
    load_plugins(settings.plugin)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    if (bool(settings.targets), settings.scaling, bool(settings.together)).count(True) > 1:
        raise BenchError("--targets, --scaling and --together exclude each other: time one after the other")
    rows = speed_targets.choose(settings.targets) if settings.targets else []
    configs, left_out = read_configs(
        network_config(settings.network or ("vgg16" if rows else BUILTIN), settings.head, settings.activation),
        settings.weights,
        read_sizes(settings.input_sizes or ("640x224" if rows else "128x128")),
        read_numbers(settings.batch_sizes or ("1,8" if rows else "1")),
        read_devices(settings.devices),
        read_precisions(settings.precision),
    )
    specs = select(settings.methods)
    points = [one for config in configs for one in scaling.scaling_points(config, specs)] if settings.scaling else []
    if rows:
        workloads = speed_targets.workloads_of(rows, configs)
    elif points:
        workloads = scaling.workloads_of(points)
    else:
        own = read_workloads(specs, settings.together)
        workloads = [(config, own) for config in configs]
    plan = TimingPlan(workloads, settings.repeats, settings.limit, not settings.only_time, settings.plugin)
    found = execute(plan, counting("timing", plan.runs))
    verdicts, growths = tuple(speed_targets.judge(rows, found, configs)), tuple(scaling.growths(points, found))
    return replace(found, left_out=left_out, verdicts=verdicts, growths=growths)


def read_workloads(specs: Sequence[MethodSpec], together: Sequence[str]) -> list[Workload]:
    """Return what is timed: each method alone, the libraries' counterparts, and groups, each NAME=METHODS.

    Raises:
        BenchError: a group is written in another way.
        MethodError: a spec cannot be read.
    """
    groups = []
    for text in together:
        name, _, members = (part.strip() for part in text.partition("="))
        if not (name and members):
            raise BenchError(f"--together {text}: write NAME=METHODS, e.g. 'two of them=grad-cam,layer-cam'")
        groups.append(Workload(name, tuple(select(members))))
    compared = dict.fromkeys([*specs, *(spec for group in groups for spec in group.specs)])
    workloads = [*alone(specs), *counterparts(compared)]
    if taken := {one.name for one in workloads} & {group.name for group in groups}:
        raise BenchError(f"--together {taken.pop()}=...: that is the name of a method; give the group another")
    # A counterpart that was asked for by name stands once, as one that is compared.
    return [*{one.name: one for one in workloads}.values(), *groups]


def read_configs(
    network: NetworkConfig,
    weights: str,
    sizes: list[tuple[int, int]],
    batches: list[int],
    devices: list[torch.device],
    precisions: list[str],
) -> tuple[tuple[TimingConfig, ...], tuple[str, ...]]:
    """Return every combination that there is, and in words those that there are not.

    Raises:
        BenchError: nothing remains.
    """
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


def read_devices(text: str) -> list[torch.device]:
    """Read kinds of devices; none: the GPU where there is one.

    Raises:
        BenchError: there is no such device.
    """
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
    names = [one.strip() for one in text.split(",")]
    if unknown := [one for one in names if one not in PRECISIONS]:
        raise BenchError(f"--precision {text}: there is no precision {unknown[0]!r}; write {', '.join(PRECISIONS)}")
    return list(dict.fromkeys(names))
