"""history through its entry point, on the baselines that the suite brings."""

import pytest

from tests.helpers.command_line import call, working_in


@pytest.fixture(autouse=True)
def workplace(tmp_path):
    with working_in(tmp_path):
        yield


def test_a_method_is_shown_over_all_baselines_that_have_it():
    told = call("history", "--method", "layer-cam").stdout
    assert sorted(line.split()[1] for line in told.splitlines() if line.startswith("20")) == ["ksdd-fc", "synthetic"]


def test_a_method_that_no_baseline_has_is_named():
    assert "no baseline has ra-cam@7" in call("history", "--method", "ra-cam@7", code=2).stderr
