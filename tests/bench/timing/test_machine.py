"""The machine is described."""

import torch

from bench.timing import machine
from tests.helpers.timing_setup import CONFIG


def test_the_machine_is_described():
    found = machine.describe([CONFIG.device])
    assert found["threads"] == torch.get_num_threads()
    assert found["cores"] >= 1
    assert found["memory_bytes"] > 2**28
    assert torch.__version__.startswith(found["versions"]["torch"])
    assert found["processor"]
    assert "gpu" not in found
