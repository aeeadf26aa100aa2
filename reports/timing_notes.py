"""The lines under the tables of timings: on what was measured, what the columns mean, and what is missing."""

from __future__ import annotations

from typing import Any

from results.store.timings import BARE, Timing, Timings

COLUMNS_OF_TIMES = (
    "ms: milliseconds for the whole batch, from prepared images to histograms on the CPU, median and quartiles of all "
    "samples. Bare: the median in bare passes, where a bare pass is one forward and one backward pass with respect to "
    "the activations of the stages, and nothing else. By round: median ratio to the bare pass of the same round. By "
    "CPU: the same in CPU time, which other processes affect less. pgc, captum: how many times longer pytorch-grad-cam "
    "(given the whole batch) or captum (given one image at a time) takes for the same methods, one after the other. "
    "Forward, Backward (with filters), Method (at its layers), Counting (upsampling, fusing, histograms): milliseconds "
    "of the parts."
)
COLUMNS_OF_PARTS = (
    "MB: peak memory on top of network and images. GFLOP: floating-point operations of convolutions and matrix "
    "products. Peak %: their rate, relative to that of a large matrix product in the same precision. L2, Rank: how far "
    "heatmaps are from those in fp32, as relative L2 norm of the difference and as Spearman's correlation, of the "
    "worst heatmap."
)


def notes(timings: Timings) -> list[str]:
    """Return the lines under the tables."""
    lines = [_measured_on(timings.machine), COLUMNS_OF_TIMES]
    if timings.peaks:
        peaks = ", ".join(f"{name} {peak / 1e9:.0f} GFLOP/s" for name, peak in timings.peaks.items())
        lines.append(f"{COLUMNS_OF_PARTS} Large matrix product: {peaks}.")
    lines += [_failed(one) for one in timings.timings if one.reason]
    counts = {len(one.samples) for one in timings.timings if one.samples and one.work != BARE}
    if counts:
        lines.append(f"Samples of each workload: {min(counts)} to {max(counts)}.")
    return lines + [f"Left out: {one}." for one in timings.left_out]


def _failed(one: Timing) -> str:
    what = "operations of {} could not be counted" if one.samples else "{} could not be run"
    return f"{what.format(f'{one.work} ({one.conditions})')}: {one.reason.rstrip('.')}."


def _measured_on(machine: dict[str, Any]) -> str:
    versions, gpu = machine["versions"], machine.get("gpu")
    device = f"{gpu['name']}, {gpu['memory_bytes'] / 2**30:.0f} GiB, CUDA {gpu['cuda']}; " if gpu else ""
    changed = " with changes" if machine["dirty"] else ""
    return (
        f"Measured on {machine['date']}: {device}{machine['processor']}, {machine['cores']} cores at "
        f"{machine['clock_mhz']} MHz, {machine['memory_bytes'] / 2**30:.0f} GiB, {machine['threads']} threads, load "
        f"{machine['load']:.1f} at the start; Python {versions['python']}, torch {versions['torch']}, "
        f"{versions['platform']}; commit {machine['commit'][:10] or 'unknown'}{changed}."
    )
