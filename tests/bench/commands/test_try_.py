"""try through its entry point, on the baseline of the built-in set."""

import pytest

from tests.helpers.command_line import call, working_in

NEW = """
from methods import gradient_method

@gradient_method("twice-cam", layers="stages", paper="none")
def twice_cam(activation, gradient):
    return 2 * (gradient.relu() * activation).sum(1)
"""
BROKEN = (
    NEW
    + """
@gradient_method("broken-cam", layers="last", paper="none")
def broken_cam(activation, gradient):
    return activation.sum(1) / activation.max()
"""
)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """The current folder, with plug-ins in it; the cache is in it too."""
    folder = tmp_path_factory.mktemp("workplace")
    for name, text in {"new": NEW, "broken": BROKEN, "empty": ""}.items():
        (folder / f"{name}.py").write_text(text)
    with working_in(folder):
        yield folder


def test_a_new_method_is_tried_in_one_go(workplace):
    text = call("try", "new.py", "--against", "layer-cam", "--device", "cpu").stdout
    (row,) = [line for line in text.splitlines() if line.startswith("twice-cam ")]
    assert row.split()[-1] == "equal"
    told = " ".join(text.split())
    assert "Time per image, with its forward and backward passes, and peak memory for 4 images: twice-cam" in told
    assert "Contract: kept by 1 new method" in told


def test_a_method_that_breaks_the_contract_is_told_so(workplace):
    told = " ".join(call("try", "broken.py", "--against", "layer-cam", "--device", "cpu", code=1).stdout.split())
    assert "Contract broken: broken-cam" in told
    assert "depends on what else is in the batch" in told
    assert "Contract broken: twice-cam" not in told


def test_a_file_without_a_method_is_told_so(workplace):
    assert "empty.py registers no method" in call("try", "empty.py", code=2).stderr
