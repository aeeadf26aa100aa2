"""Memory is that of a process of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.timing import memory, workloads
from methods import parse
from tests.helpers.timing_setup import CONFIG


def test_memory_is_that_of_a_process_of_its_own():
    if not memory.PEAK_RESET.is_file():
        pytest.skip("memory of a process is measured on Linux only")
    large = replace(CONFIG, size=(256, 256), batch=4)
    work = workloads.Workload("layer-cam", (parse("layer-cam"),))
    outputs = 16 * 256 * 256 * 4 * 4  # of one layer of the first stage, in bytes
    assert 2 * outputs < memory.peak_bytes(work, large) < 40 * outputs


def test_plug_ins_are_known_in_processes_of_their_own(tmp_path):
    if not memory.PEAK_RESET.is_file():
        pytest.skip("memory of a process is measured on Linux only")
    file: Path = tmp_path / "holding.py"
    file.write_text(
        "import torch\nfrom methods import gradient_method\n"
        "@gradient_method('holding', paper='none')\n"
        "def holding(activation, gradient):\n"
        "    return torch.ones(100_000_000 // 4).sum() * activation.sum(1)\n"
    )
    from bench.plugins import load_plugins

    load_plugins([file])
    assert memory.peak_bytes(workloads.Workload("holding", (parse("holding"),)), CONFIG, [file]) > 90_000_000
