"""What all timed tests share."""

from pathlib import Path

import torch

torch.set_num_threads(1)  # threads that wait for others on a busy machine take longer than all the work


def pytest_configure(config):
    """Keep the first run, with which there is nothing to compare; else pytest-benchmark ends in an error."""
    storage = Path(config.getoption("benchmark_storage").removeprefix("file://"))
    if config.getoption("benchmark_compare_fail") and not any(storage.rglob("*.json")):
        config.option.benchmark_compare_fail = []
        config.option.benchmark_save = config.option.benchmark_save or "first"
