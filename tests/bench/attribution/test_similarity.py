"""How similar maps are, by their ranks."""

import math

import pytest
import torch

from bench.attribution.similarity import rank_correlation


def test_it_is_the_correlation_of_ranks_with_ties_at_their_mean():
    first, second = torch.tensor([[1.0, 2.0], [2.0, 9.0]]), torch.tensor([[0.5, 0.1], [0.7, 0.9]])
    ranks = torch.tensor([[1.0, 2.5, 2.5, 4.0], [2.0, 1.0, 3.0, 4.0]])
    assert rank_correlation(first, second) == pytest.approx(float(torch.corrcoef(ranks)[0, 1]))


def test_only_ranks_matter():
    one = torch.rand(5, 7, generator=torch.Generator().manual_seed(0))
    assert rank_correlation(one, one.exp() ** 3) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)


def test_a_constant_map_has_no_ranks():
    assert math.isnan(rank_correlation(torch.ones(2, 2), torch.rand(2, 2)))
