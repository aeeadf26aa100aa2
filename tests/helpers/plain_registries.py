"""The registries as the package fills them: what a test registers is forgotten after it."""

from contextlib import contextmanager

import pytest

from datasets.registry import DATASETS, FAKE_TREES
from methods.registry import ALIASES, METHODS, WRAPPERS
from results.metrics.formulas import METRICS

REGISTRIES = (METHODS, ALIASES, WRAPPERS, DATASETS, FAKE_TREES, METRICS)


@contextmanager
def restored():
    before = [dict(registry) for registry in REGISTRIES]
    try:
        yield
    finally:
        for registry, entries in zip(REGISTRIES, before, strict=True):
            registry.clear()
            registry.update(entries)


@pytest.fixture(autouse=True)
def plain_registries():
    with restored():
        yield
