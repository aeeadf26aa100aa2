"""How much memory a work takes at its highest."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import torch

from bench.allocator import keep_freed_memory
from bench.plugins import load_plugins
from bench.timing.clock import HostClock, Laps
from bench.timing.setup import Case, Subject, multiplying, subject
from bench.timing.workloads import Workload

HIGHEST = Path("/proc/self/status")
FORGET = Path("/proc/self/clear_refs")


def on_device(work: Workload, there: Subject) -> int:
    """Return the bytes that `work` takes of a GPU's memory on top of what is held already, at its highest."""
    device = there.images.device
    run = work.on(there)()
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    run(Laps(HostClock()))
    return torch.cuda.max_memory_allocated(device) - before


def in_process(work: Workload, case: Case, plugins: Sequence[Path] = ()) -> int | None:
    """Return the bytes by which the memory of a fresh process grows at its highest while `work` is run there once.

    That is resident memory as Linux counts it; None on other systems, which do not let a process reset its mark.
    """
    if not FORGET.is_file():
        return None
    # A server that has imported everything forks the processes: they start at once, and clean.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        grown = pool.submit(_grown, work, case, tuple(plugins), torch.get_num_threads())
        return grown.result()


def _grown(work: Workload, case: Case, plugins: tuple[Path, ...], threads: int) -> int:
    keep_freed_memory()
    torch.set_num_threads(threads)
    load_plugins(plugins)
    with multiplying(case.precision):
        run = work.on(subject(case))()
        before = psutil.Process().memory_info().rss
        FORGET.write_text("5")
        run(Laps(HostClock()))
    (line,) = [line for line in HIGHEST.read_text().splitlines() if line.startswith("VmHWM:")]
    highest = 1024 * int(line.split()[1])
    return highest - int(before)
