"""Large blocks that are freed are used again, where the C library can be told so."""

import subprocess
import sys

import pytest

from bench import allocator

FAULTS = """
import resource
from bench.allocator import keep_freed_memory
if {kept}:
    keep_freed_memory()
for _ in range(6):
    block = b"x" * 2**26
    del block
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt * resource.getpagesize() / 2**26)
"""


def blocks_from_the_system(*, kept):
    done = subprocess.run([sys.executable, "-c", FAULTS.format(kept=kept)], capture_output=True, text=True, check=True)
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told to keep memory")
def test_a_block_of_the_same_size_is_not_asked_of_the_system_again():
    assert blocks_from_the_system(kept=True) < 2
    assert blocks_from_the_system(kept=False) > 5


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_nothing_happens_where_there_is_no_glibc(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda _name: object())
    allocator.keep_freed_memory()
