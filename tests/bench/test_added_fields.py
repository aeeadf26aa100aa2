"""A release that adds a field to a record finds what was kept before: its classifier, its card, its baseline."""

import json
import shutil

import pytest

from bench.provenance import OWN_PACKAGES, ROOT
from tests.helpers.command_line import python

CLASSIFIER = "synthetic-vgg-small-fc-128x128-seed0-672c4070"
ADDED = (
    ("bench/classifiers/recipe.py", '"] = "auto"\n', "    enhance: tuple[str, ...] = ()\n"),
    ("bench/classifiers/networks.py", "classes: int = Field(2, ge=1)\n", "    dropout: float = 0.2\n"),
    ("bench/classifiers/checkpoint.py", "    recipe: Recipe\n", '    teacher: str = ""\n'),
    ("results/store/manifest.py", "    accuracy: float\n", "    brier: float = 0.0\n"),
    ("results/store/manifest.py", "    started: str\n", '    shard: str = ""\n'),
    ("results/store/cells.py", "    deviation: float = math.nan\n", '    steps: str = ""\n'),
    ("methods/spec.py", '    wrapper: str = ""\n', "    steps: tuple[str, ...] = ()\n"),
)
"""Files of records, a line of each, and what the next release adds behind it."""


def without_outputs(folder, names):
    return {"__pycache__", "ksdd-fc"} | ({"runs"} if folder == str(ROOT / "results") else set())


@pytest.fixture(scope="module")
def next_release(tmp_path_factory):
    """A folder with the code of a release that has more fields."""
    folder = tmp_path_factory.mktemp("next")
    for package in OWN_PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=without_outputs)
    for name, line, added in ADDED:
        text = (folder / name).read_text()
        assert text.count(line) == 1, name
        (folder / name).write_text(text.replace(line, line + added))
    return folder


def call(folder, *arguments):
    done = python(folder, *arguments, first=[folder])
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_kept_classifier_is_found_and_its_run_passes_the_check(next_release, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    call(
        next_release, "-m", "bench", "run", "--methods", "grad-cam,ra-cam", "--device", "cpu", "--out", "run", "--quiet"
    )
    manifest = json.loads((next_release / "run" / "manifest.json").read_text())
    assert list(manifest["classifiers"]) == [f"{CLASSIFIER}.safetensors"]
    assert not list(tmp_path.rglob("*.safetensors"))  # it was not trained again
    assert "enhance" not in manifest["recipe"]
    assert "dropout" not in manifest["network"]
    assert manifest["shard"] == ""
    assert "Passed: of 2 methods 2 equal." in call(
        next_release, "-m", "bench", "check", "run", "--against", "synthetic"
    )


READ = """
from results.store.baselines import find_run, baseline_classifier
from bench.classifiers.checkpoint import load
from bench.classifiers.recipe import Recipe
from methods import parse

plan = load(baseline_classifier("{name}.safetensors")).card.plan
assert (plan.recipe.enhance, plan.network.dropout, plan.teacher) == ((), 0.2, "")
assert plan.file_name == "{name}.safetensors"
enhanced = plan.model_copy(update={{"recipe": plan.recipe.model_copy(update={{"enhance": ("crops",)}})}})
assert enhanced.file_name != plan.file_name
run = find_run("synthetic")
assert set(run.cells().frame["steps"]) == {{""}}
assert run.manifest().shard == ""
assert str(parse("ra-cam@50")) == "ra-cam@50"
"""


def test_older_cards_cells_and_specs_have_the_defaults_of_added_fields(next_release):
    call(next_release, "-c", READ.format(name=CLASSIFIER))
