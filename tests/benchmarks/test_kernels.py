"""How long the kernels take that every method goes through, at the sizes of KolektorSDD's images."""

import pytest
import torch

from methods.fusing import FUSE, fuse
from methods.rules import positive_percentiles, truncate
from results.metrics.levels import level_statistics
from results.metrics.thresholds import otsu

SIZE = (640, 224)
TEN = range(0, 100, 10)


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def gradient():
    """What a first stage of 64 channels hands back, (1, 64, H, W)."""
    return normal(1, 64, *SIZE)


@pytest.mark.parametrize("deltas", [(50,), TEN], ids=["one δ", "ten δ"])
def test_percentiles(benchmark, gradient, deltas):
    found = benchmark(positive_percentiles, gradient, deltas)
    assert all((gradient >= one).any() for one in found)


def test_truncation(benchmark, gradient):
    (threshold,) = positive_percentiles(gradient, (50,))
    kept = benchmark(truncate, gradient, threshold)
    assert 0.2 < (kept > 0).float().mean() < 0.3


@pytest.mark.parametrize("how", FUSE)
def test_fusing(benchmark, how):
    sides = [(SIZE[0] >> stage, SIZE[1] >> stage) for stage in range(5)]
    maps = {f"stage {number}": normal(8, *side) for number, side in enumerate(sides)}
    assert benchmark(fuse, maps, how, SIZE).values.shape == (8, *SIZE)


def test_histograms(benchmark):
    masks = normal(8, *SIZE) > 2
    found = benchmark(level_statistics, normal(8, *SIZE).relu(), masks)
    assert found.defect.sum() == masks.sum()


def test_otsu(benchmark):
    histograms = torch.randint(0, 1000, (400, 256), generator=torch.Generator().manual_seed(0)).numpy()
    assert benchmark(otsu, histograms).shape == (400,)
