"""baseline through its entry point: a run is kept, listed, shown and removed."""

import pytest

from tests.helpers.command_line import call, working_in


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workplace")
    with working_in(folder):
        yield folder


def test_runs_are_kept_listed_shown_and_removed(workplace):
    call("run", "--device", "cpu", "--methods", "layer-cam", "--out", "fresh")
    assert "kept results/baselines/mine" in call("baseline", "add", "fresh", "--name", "mine").stdout
    assert not (workplace / "results" / "baselines" / "mine" / "gallery").exists()
    listed = call("baseline", "list").stdout
    assert all(name in listed for name in ("mine", "synthetic", "ksdd-fc"))
    assert "layer-cam" in call("baseline", "show", "mine").stdout
    history = call("history", "--method", "layer-cam").stdout
    runs = [line.split()[1] for line in history.splitlines() if line.startswith("20")]
    assert sorted(runs) == ["ksdd-fc", "mine", "synthetic"]
    call("baseline", "remove", "mine")
    assert "mine" not in call("baseline", "list").stdout
    call("baseline", "remove", "synthetic", code=2)  # it is not this folder's
