"""check through its entry point, on the baseline of the built-in set."""

import json
from xml.etree import ElementTree

import pytest

from tests.helpers.command_line import call, working_in

REORDERED = """
from methods.registry import METHODS
from methods import gradient_method

del METHODS["layer-cam"]

@gradient_method("layer-cam", layers="stages", paper="the sum is taken the other way round")
def layer_cam(activation, gradient):
    return (gradient.relu() * activation).flip(1).sum(1).relu()
"""
PLANTED = REORDERED.replace("gradient.relu()", "gradient.relu().mean((2, 3), keepdim=True)")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """The current folder, with plug-ins in it; the cache is in it too."""
    folder = tmp_path_factory.mktemp("workplace")
    for name, text in {"reordered": REORDERED, "planted": PLANTED}.items():
        (folder / f"{name}.py").write_text(text)
    with working_in(folder):
        yield folder


@pytest.fixture(scope="module")
def bench(workplace):
    return call


@pytest.fixture(scope="module")
def fresh(bench):
    """A run of today's code with the classifier that is kept; nothing is trained."""
    bench("run", "--device", "cpu", "--methods", "layer-cam,random", "--out", "fresh")
    return "fresh"


def test_a_fresh_run_is_as_good_as_the_kept_one(bench, fresh, workplace):
    assert not list((workplace / "cache" / "cam-bench" / "classifiers").glob("*.safetensors"))
    done = bench("check", fresh, "--against", "synthetic", "--markdown", "check.md", "--junit", "check.xml")
    assert "Passed: of 2 methods 2 equal." in done.stdout
    assert "Only the baseline has: " in done.stdout.replace("\n", " ")
    assert (workplace / "check.md").read_text().startswith("**Passed")
    assert ElementTree.parse(workplace / "check.xml").getroot().get("failures") == "0"


def test_bits_are_those_of_a_run_of_the_same_machine(bench, fresh):
    bench("run", "--device", "cpu", "--methods", "random,layer-cam", "--out", "again")
    told = json.loads(bench("check", "again", "--against", fresh, "--exact", "--json").stdout)
    assert {one["cells"] for one in told["changed"]} == {0}


def test_a_harmless_reordering_passes_and_a_planted_mistake_does_not(bench, fresh):
    for name, code in (("reordered", 0), ("planted", 1)):
        bench("run", "--device", "cpu", "--plugin", f"{name}.py", "--methods", "layer-cam,random", "--out", name)
        told = json.loads(bench("check", name, "--against", "synthetic", "--json", code=code).stdout)
        assert [one["verdict"] for one in told["rows"]] == ["worse" if code else "equal", "equal"]


def test_what_may_not_be_compared_ends_with_two_unless_it_is_forced(bench, fresh):
    said = bench("check", fresh, "--against", "ksdd-fc", code=2).stderr
    assert "may not be compared: they differ in dataset (synthetic and ksdd)" in said
    assert "Traceback" not in said
    assert "share no method" in bench("check", fresh, "--against", "ksdd-fc", "--force", code=2).stderr
    assert "nowhere is neither" in bench("check", fresh, "--against", "nowhere", code=2).stderr
