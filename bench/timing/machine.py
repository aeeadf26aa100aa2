"""The machine that workloads are timed on, and how fast it can multiply."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import torch

from bench.provenance import commit, versions
from bench.stopwatch import Stopwatch, clock_of
from bench.timing.sampling import sample

SIDES = {"cpu": 2048, "cuda": 8192}
"""Rows of the square matrices that are multiplied, by kind of device."""
PRODUCTS = 5


def describe(devices: list[torch.device]) -> dict[str, Any]:
    """Return, as JSON, what a time depends on beside the workload: processor, memory, threads, load, versions, date."""
    head, dirty = commit()
    frequency = psutil.cpu_freq()
    facts = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False) or psutil.cpu_count(),
        "logical_cores": psutil.cpu_count(),
        "clock_mhz": round(frequency.current) if frequency else None,
        "memory_bytes": psutil.virtual_memory().total,
        "threads": torch.get_num_threads(),
        "load": psutil.getloadavg()[0],
        "versions": versions(),
        "commit": head,
        "dirty": dirty,
    }
    for device in devices:
        if device.type == "cuda":
            gpu = torch.cuda.get_device_properties(device)
            facts["gpu"] = {
                "name": gpu.name,
                "memory_bytes": gpu.total_memory,
                "processors": gpu.multi_processor_count,
                "clock_mhz": round(gpu.clock_rate / 1000) if hasattr(gpu, "clock_rate") else None,
                "cuda": torch.version.cuda,
                "cudnn": torch.backends.cudnn.version(),
            }
    return facts


def matmul_rate(device: torch.device, precision: str) -> float:
    """Return the floating-point operations per second of a large matrix product, the best of several."""
    side = SIDES[device.type]
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    first, second = (torch.ones(side, side, dtype=kind, device=device) for _ in range(2))
    clock = clock_of(device)

    def multiply(_watch: Stopwatch) -> None:
        torch.mm(first, second)

    seconds = [sample(clock, lambda: multiply).seconds for _ in range(1 + PRODUCTS)]
    return 2 * side**3 / min(seconds[1:])


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if not facts.is_file():
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in facts.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
