"""How much memory a workload takes at its peak."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import torch

from bench.allocator import keep_freed_memory
from bench.plugins import load_plugins
from bench.stopwatch import Stopwatch
from bench.timing.setup import TimingConfig, build_testbed, matmul_precision
from bench.timing.workloads import Workload

PROCESS_STATUS = Path("/proc/self/status")
PEAK_RESET = Path("/proc/self/clear_refs")
"""Writing 5 to it sets the peak of the resident memory back to what is resident now."""


def peak_bytes(workload: Workload, config: TimingConfig, plugins: Sequence[Path] = ()) -> int | None:
    """Return by how many bytes the memory in use grows, at its peak, while `workload` is run once.

    On a GPU that is memory that torch allocates. Else it is resident memory as Linux counts it, of a fresh process,
    since a process uses again what it has freed before; None on other systems, where the peak cannot be reset.

    Args:
        workload: that is run.
        config: what it is run on.
        plugins: files that register the workload's methods in the fresh process.
    """
    if config.device.type == "cuda":
        return _growth(workload, config)
    if not PEAK_RESET.is_file():
        return None
    # A server that has imported everything forks the processes: they start at once, and clean.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        return pool.submit(_in_fresh_process, workload, config, tuple(plugins), torch.get_num_threads()).result()


def _in_fresh_process(workload: Workload, config: TimingConfig, plugins: tuple[Path, ...], threads: int) -> int:
    keep_freed_memory()
    torch.set_num_threads(threads)
    load_plugins(plugins)
    return _growth(workload, config)


def _growth(workload: Workload, config: TimingConfig) -> int:
    with matmul_precision(config.precision):
        run = workload.on(build_testbed(config))()
        if config.device.type == "cuda":
            before = torch.cuda.memory_allocated(config.device)
            torch.cuda.reset_peak_memory_stats(config.device)
            run(Stopwatch())
            return torch.cuda.max_memory_allocated(config.device) - before
        before = int(psutil.Process().memory_info().rss)
        PEAK_RESET.write_text("5")
        run(Stopwatch())
    (line,) = [line for line in PROCESS_STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(line.split()[1]) - before
