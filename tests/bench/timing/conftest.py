import pytest

from bench.timing.setup import build_testbed
from tests.helpers.timing_setup import CONFIG


@pytest.fixture(scope="package")
def small():
    return build_testbed(CONFIG)
