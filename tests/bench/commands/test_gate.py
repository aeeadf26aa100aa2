"""check, compare, baseline, history and try through their entry point, on the baseline of the built-in set."""

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
    for name, text in {"reordered": REORDERED, "planted": PLANTED, "new": NEW, "broken": BROKEN}.items():
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


def test_runs_are_kept_listed_shown_and_removed(bench, fresh, workplace):
    assert "kept results/baselines/mine" in bench("baseline", "add", fresh, "--name", "mine").stdout
    assert not (workplace / "results" / "baselines" / "mine" / "gallery").exists()
    listed = bench("baseline", "list").stdout
    assert all(name in listed for name in ("mine", "synthetic", "ksdd-fc"))
    assert "layer-cam" in bench("baseline", "show", "mine").stdout
    history = bench("history", "--method", "layer-cam").stdout
    runs = [line.split()[1] for line in history.splitlines() if line.startswith("20")]
    assert sorted(runs) == ["ksdd-fc", "mine", "synthetic"]
    assert "no baseline has ra-cam@7" in bench("history", "--method", "ra-cam@7", code=2).stderr
    bench("baseline", "remove", "mine")
    assert "mine" not in bench("baseline", "list").stdout
    bench("baseline", "remove", "synthetic", code=2)  # it is not this folder's


def test_methods_are_compared_with_a_reference(bench, workplace):
    text = bench("compare", "synthetic", "--reference", "layer-cam", "--out", "compared").stdout
    assert "ra-cam@50" in text
    assert max(map(len, text.splitlines()[:-1])) <= 100
    assert {path.name for path in (workplace / "compared").iterdir()} == {
        "comparison.md", "critical-difference.png", "ranks.png",
    }  # fmt: skip


def test_a_new_method_is_tried_in_one_go(bench):
    text = bench("try", "new.py", "--against", "layer-cam", "--device", "cpu").stdout
    (row,) = [line for line in text.splitlines() if line.startswith("twice-cam ")]
    assert row.split()[-1] == "equal"
    told = " ".join(text.split())
    assert "Time per image, with its forward and backward passes, and peak memory for 4 images: twice-cam" in told
    assert "Contract: kept by 1 new method" in told


def test_a_method_that_breaks_the_contract_is_told_so(bench, workplace):
    told = " ".join(bench("try", "broken.py", "--against", "layer-cam", "--device", "cpu", code=1).stdout.split())
    assert "Contract broken: broken-cam" in told
    assert "depends on what else is in the batch" in told
    assert "Contract broken: twice-cam" not in told
    (workplace / "empty.py").write_text("")
    assert "empty.py registers no method" in bench("try", "empty.py", code=2).stderr
