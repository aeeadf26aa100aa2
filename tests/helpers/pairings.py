"""Pairings of two methods on the same items, without runs."""

import numpy as np

from results.metrics.formulas import Counts
from results.statistics.pairing import Pairing


def pairing(first, second, *, names=None):
    """Return the pairing of (tp, fp, fn) an item, or of such rows a seed."""
    one, other = (np.array(rows, dtype=np.int64).reshape(len(rows), -1, 3) for rows in (first, second))
    sides = (Counts(*np.moveaxis(rows, -1, 0), np.zeros(rows.shape[:2], dtype=np.int64)) for rows in (one, other))
    names = names or [f"{number:03}" for number in range(len(first))]
    return Pairing(tuple(names), tuple(range(one.shape[1])), *sides, images=len(first), left_out=0)


def drawn(seed, items, seeds=1):
    """Return two methods on the same items at random."""
    draw = np.random.default_rng(seed)
    tp, fp = draw.integers(0, 101, (2, items, seeds)), draw.integers(0, 300, (2, items, seeds))
    return pairing(*np.stack([tp, fp, 100 - tp], axis=-1))


def alike(draw, items, *, wider=1.0, scale=1.0):
    """Draw two methods on the same items, whose pooled IoU in truth is the same; the second may vary more."""
    area = np.maximum(20, draw.lognormal(6, 0.5, items))
    easy = draw.beta(8, 4, items)
    sides = []
    for spread, times in ((1.0, 1.0), (wider, scale)):
        tp = (area * np.clip(easy + draw.normal(0, 0.15 * spread, items), 0.02, 0.98)).astype(np.int64)
        fp = (times * area * draw.lognormal(0.3, 0.5 if spread == 1 else 0.9, items)).astype(np.int64)
        sides.append(np.stack([tp, fp, area.astype(np.int64) - tp], axis=-1))
    return pairing(*sides)
