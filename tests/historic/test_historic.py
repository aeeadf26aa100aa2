"""Runs of older releases: they load, have the scores of their time, and pass a check against themselves."""

import json
import math
import shutil
from pathlib import Path

import pytest

from bench.classifiers.checkpoint import Card
from methods import METHODS, parse
from reports.methods_table import markdown
from reports.page import write
from reports.summary import summarise
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.checking import check
from results.store.baselines import SHIPPED
from results.store.run_store import RunStore
from results.store.upgrades import SCHEMA_VERSION
from tests.helpers.small_runs import cell

HERE = Path(__file__).parent
RUNS = sorted(path.parent.name for path in HERE.glob("*/manifest.json"))
OTSU = ThresholdPolicy("otsu")


def opened(name):
    return RunStore(HERE / name)


@pytest.fixture
def copied(tmp_path):
    """Copy a run to where files may be written beside it."""
    return lambda name: Path(shutil.copytree(HERE / name, tmp_path / name))


def stored_schema(folder):
    return json.loads((folder / "manifest.json").read_text())["schema_version"]


def numbers(table):
    """Return the texts of each row of a Markdown table, by the method's name of today."""
    rows = [line.strip("| ").replace("*", "").split(" | ") for line in table.splitlines() if line.startswith("| `")]
    return {row[0].strip("`").replace("everything", "every-pixel"): row[1:5] for row in rows}


def test_there_is_a_run_of_every_schema():
    assert {stored_schema(HERE / name) for name in RUNS} == set(range(1, SCHEMA_VERSION + 1))
    assert all(name.startswith(f"schema-{stored_schema(HERE / name)}") for name in RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_loads(name):
    manifest, cells = opened(name).manifest(), opened(name).cells()
    assert (manifest.dataset, manifest.size, manifest.evaluate_at, manifest.images) == ("tiny", (48, 64), "input", None)
    assert manifest.schema_version == SCHEMA_VERSION
    assert ((cells.defect + cells.other).sum(1) == 48 * 64).all()
    assert set(cells.frame["name"][cells.frame["chance"]]) == {"random", "every-pixel"}
    assert set(cells.frame["status"][cells.frame["spec"] == "raising"]) == {"failed"}
    assert set(cells.frame["status"][cells.frame["spec"] == "cam"]) == {"not applicable"}


@pytest.mark.parametrize("name", RUNS)
def test_a_stored_spec_means_what_it_meant(name):
    frame = opened(name).cells().frame
    own = frame[frame["name"].isin(list(METHODS))].drop_duplicates("spec")
    assert len(own) >= 4
    for row in own.itertuples():
        spec = parse(row.spec)
        assert str(spec) == row.spec
        assert (spec.name, spec.layers, spec.fuse, spec.wrapper) == (row.name, row.layers, row.fuse, row.wrapper)
        assert [{"rule": rule, "delta": delta} for rule, delta in spec.rules] == list(row.rules)
        assert dict(spec.options) == json.loads(row.options)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_has_the_scores_that_its_own_release_found(name):
    then = numbers((HERE / name / "table.md").read_text())
    assert numbers(markdown(summarise(HERE / name, OTSU))) == then
    assert len(then) >= 6


@pytest.mark.parametrize("name", RUNS)
def test_the_page_of_a_run_is_written(name, copied):
    page = write(copied(name), OTSU)
    assert "ra-cam@50" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RUNS)
def test_a_run_passes_a_check_against_itself(name):
    found = check(opened(name), opened(name), OTSU, 0.005, exact=True, force=False)
    assert found.passed
    assert {one.verdict for one in found.comparisons} == {"equal"}
    assert (found.only_run, found.only_baseline) == ((), ())


def test_a_run_of_this_schema_passes_an_exact_check_against_the_one_of_the_schema_before():
    found = check(opened("schema-3"), opened("schema-2-3c2bedf"), OTSU, 0.005, exact=True, force=False)
    assert found.passed
    assert sum(one.of for one in found.changed) == len(opened("schema-3").cells().frame)


@pytest.mark.parametrize("name", ["schema-2-10a78fc", "schema-2-3c2bedf", "schema-3"])
def test_deviations_are_numbers_whether_they_were_told_in_words_or_not(name):
    frame = opened(name).cells().frame
    noted = frame[(frame["spec"] == "noting") & (frame["reason"] != "")]
    assert set(noted["deviation"]) == {0.03}
    assert frame.loc[frame["spec"] == "grad-cam", "deviation"].map(math.isnan).all()
    assert (frame.loc[frame["spec"] == "captum:DeepLift", "deviation"] > 1).any()


@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_on_beside_its_older_parts(name, copied):
    run = RunStore(copied(name))
    before = run.cells().frame
    again = before[before["status"] == "failed"].iloc[0]
    run.append([cell(again["image"], again["spec"], other={0: 48 * 64}), cell("new/0", "raising")])
    after = run.cells().frame
    assert len(after) == len(before) + 1
    assert (after["status"] == "failed").sum() == (before["status"] == "failed").sum() - 1


@pytest.mark.parametrize("name", RUNS)
def test_the_copy_of_a_run_is_of_this_schema(name, tmp_path):
    opened(name).copy(tmp_path / "copy")
    assert stored_schema(tmp_path / "copy") == SCHEMA_VERSION
    assert RunStore(tmp_path / "copy").cells().frame.equals(opened(name).cells().frame)


def test_the_card_of_the_first_release_loads_and_names_the_same_checkpoint():
    card = Card.model_validate_json((HERE / "card.json").read_text())
    assert (card.epochs, card.plan.recipe.precision) == ((), "float32")
    (name,) = opened("schema-1-6f5600e").manifest().classifiers
    assert card.plan.file_name == name


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SHIPPED.glob("*/manifest.json")))
def test_the_baselines_that_come_with_the_suite_load(name):
    run = RunStore(SHIPPED / name)
    assert len(run.cells().frame) > 1000
    assert all(one.file_name in run.manifest().classifiers for one in kept_plans(run))


def kept_plans(run):
    return [Card.model_validate_json(path.read_text()).plan for path in run.folder.glob("classifiers/*.json")]
