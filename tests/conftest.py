"""What tests of several folders share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code; and a verdict of CI must be the same when it is asked for again.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

VARIABLE = "CAM_BENCH_SHARED"


@pytest.fixture(scope="session")
def shared():
    """The folder of real images and weights; tests that need it are skipped where it is not."""
    folder = Path(os.environ.get(VARIABLE) or Path(__file__).resolve().parents[2] / "shared")
    if not folder.is_dir():
        pytest.skip(f"real data are not at {folder}: set {VARIABLE} to the folder that holds data/")
    return folder
