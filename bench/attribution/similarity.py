"""How similar two maps are."""

from __future__ import annotations

from torch import Tensor


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Return Spearman's rank correlation of two maps of the same shape on the CPU; NaN where one of them is constant.

    Examples:
        >>> import torch
        >>> rank_correlation(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.1, 20.0, 300.0]]))
        1.0
    """
    from scipy.stats import spearmanr

    if min(len(one.unique()) for one in (first, second)) == 1:
        return float("nan")
    return float(spearmanr(first.flatten().numpy(), second.flatten().numpy()).statistic)
