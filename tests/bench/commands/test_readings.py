"""`python -m bench readings` through its real entry point."""

import json
import shutil

import pandas as pd
import pytest

from bench.classifiers.networks import NetworkConfig
from bench.studies.readings import network_of
from methods.alternatives import Network
from results.store.run_store import RunStore
from tests.helpers.bright_squares import images
from tests.helpers.command_line import call, working_in

QUICK = ("--dataset", "folder", "--data-root", "mine", "--size", "64x64", "--recipe", "epochs=1", "--device", "cpu")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder that holds `mine`, a user's own images."""
    folder = tmp_path_factory.mktemp("workplace")
    for row in images(folder / "squares").itertuples():
        for path, kind in ((row.image_path, row.label), (row.mask_path, "masks")):
            if path:
                target = folder / "mine" / row.split / kind / f"{row.id}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    with working_in(folder):
        yield folder


@pytest.fixture(scope="module")
def made(workplace):
    return call("readings", *QUICK, "--methods", "ra-cam,grad-cam", "--out", "run").stdout


def test_every_reading_has_a_row_and_only_two_of_a_method_are_shown_on_test(made, workplace):
    frame = pd.read_csv(workplace / "run" / "readings.csv")
    rows = frame[frame["method"] == "ra-cam@50"]
    assert {"fusing", "layers", "weight R", "eq. 6", "target", "counted over", "corners"} <= set(rows["question"])
    assert rows["test"].notna().sum() <= 2
    assert rows["test"][rows["question"].isna() | rows["chosen"]].notna().all()
    # Where no image is called defective there is nothing to count over them.
    assert rows["val"][rows["counted_over"] != "images called defective"].notna().all()
    assert "Questions by how far they move ra-cam@50:" in made
    assert (workplace / "run" / "readings.png").stat().st_size > 10_000


def test_test_images_are_only_run_for_what_is_shown_on_them(made, workplace):
    cells = RunStore(workplace / "run").cells().frame
    tested = set(cells["spec"][cells["split"] == "test"])
    frame = pd.read_csv(workplace / "run" / "readings.csv")
    chosen = set(frame["spec"][frame["chosen"] & (frame["target"] == "default")])
    assert tested == {"ra-cam@50", "grad-cam"} | chosen


def test_a_second_call_computes_nothing_and_says_the_same(made, workplace):
    parts = sorted((workplace / "run" / "cells").iterdir())
    again = call("readings", *QUICK, "--methods", "ra-cam,grad-cam", "--out", "run").stdout
    assert again.split("Done in")[0] == made.split("Done in")[0]
    assert sorted((workplace / "run" / "cells").iterdir()) == parts


def test_the_same_is_told_to_a_program_and_nothing_to_nobody(made, workplace):
    told = json.loads(call("readings", *QUICK, "--methods", "ra-cam,grad-cam", "--out", "run", "--json").stdout)
    frame = pd.read_csv(workplace / "run" / "readings.csv")
    assert told["run"] == "run"
    assert [row["val"] for row in told["rows"]] == pytest.approx(frame["val"].tolist(), nan_ok=True)
    assert [row["chosen"] for row in told["rows"]] == frame["chosen"].tolist()
    assert {"fusing": "max"} in [row["answers"] for row in told["rows"]]
    assert call("readings", *QUICK, "--methods", "ra-cam,grad-cam", "--out", "run", "--quiet")[1:] == ("", "")


def test_a_threshold_that_looks_at_masks_is_refused(workplace):
    said = call("readings", *QUICK, "--threshold", "oracle", code=2).stderr
    assert "the threshold oracle is chosen on masks of test" in said
    assert "Traceback" not in said


def test_the_network_decides_which_questions_there_are():
    assert network_of(NetworkConfig(), (64, 64)) == Network(5, leaky=False)
    assert network_of(NetworkConfig(activation="leaky_relu"), (64, 64)) == Network(5, leaky=True)
