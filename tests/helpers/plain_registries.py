"""The registries as the package fills them: what a test registers is forgotten after it."""

from contextlib import contextmanager

import pytest

from methods.registry import ALIASES, METHODS, WRAPPERS

REGISTRIES = (METHODS, ALIASES, WRAPPERS)


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
