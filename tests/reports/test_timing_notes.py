"""The lines under the tables of TIMINGS."""

from dataclasses import replace

from reports.timing_notes import notes
from tests.helpers.timings import MACHINE, TIMINGS


def test_the_machine_stands_with_the_numbers():
    text = " ".join(notes(TIMINGS))
    for fact in ("2026-01-02", "Some CPU", "2 cores at 2600 MHz", "16 GiB", "2 threads", "load 0.5", "torch 2.15",
                 "commit 0123456789.", "cpu fp32 100 GFLOP/s", "Left out: tf32 on the cpu"):  # fmt: skip
        assert fact in text
    assert (
        "cam (vgg-small (fc head, relu, weights none), 128x128, batch 2, cpu, fp32) could not be run: NotAppl" in text
    )
    gpu = {"name": "Some GPU", "memory_bytes": 2**36, "cuda": "13.2"}
    assert "Some GPU, 64 GiB, CUDA 13.2" in notes(replace(TIMINGS, machine=MACHINE | {"gpu": gpu}))[0]
