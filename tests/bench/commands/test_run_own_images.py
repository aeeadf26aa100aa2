"""Images as people bring them, from their folder to a table: layouts, labels only, kinds only."""

import json
import shutil

import numpy as np
import pytest

from datasets import mask_values
from datasets.catalogue.folder import fake_boards, fake_category, fake_pavement, fake_tiles
from datasets.fake_files import save, write_good
from results.store.run_store import RunStore
from tests.helpers.command_line import call, working_in
from tests.helpers.own_sets import write_labels_only, write_steel

SETS = {
    "steel": write_steel,
    "pavement": fake_pavement,
    "boards": fake_boards,
    "leather": fake_category,
    "cells": write_labels_only,
    "tiles": fake_tiles,
}
QUICK = ("--size", "32x32", "--recipe", "epochs=1,batch=4", "--device", "cpu")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workplace")
    with working_in(folder):
        for name, write in SETS.items():
            write(folder / name)
        yield folder


@pytest.fixture(scope="module")
def run(workplace):
    """Return a function that runs two methods on one of the sets and returns what it told as JSON."""

    def once(name, *more):
        options = ("--dataset", "folder", "--data-root", name, *QUICK, "--methods", "grad-cam,random", *more)
        return json.loads(call("run", *options, "--json").stdout)

    return once


@pytest.mark.parametrize("name", SETS)
def test_a_set_of_any_layout_gives_a_table_and_a_page_and_its_name_to_both(run, name, workplace):
    told = run(name)
    folder = workplace / told["run"]
    assert folder.name.startswith(f"{name}-vgg-small-fc-32x32-")
    assert told["protocol"].startswith(f"{name} at 32x32")
    assert f"<title>{name}, vgg-small</title>" in (folder / "report" / "index.html").read_text()
    manifest = RunStore(folder).manifest()
    assert (manifest.dataset, manifest.called) == ("folder", name)
    assert all(checkpoint.startswith(f"{name}-") for checkpoint in manifest.classifiers)
    assert [row["method"] for row in told["rows"]] == ["grad-cam", "random"]
    for row in told["rows"]:
        assert (row["iou"] is None) == (name == "cells")
        assert (row["unmasked"] > 0) == (name == "cells")
        assert row["failed"] == 0


def test_labels_suffice_and_it_is_said_why_there_is_no_iou(run, workplace):
    told = run("cells", "--out", "labels")
    assert {row["unmasked"] for row in told["rows"]} == {2}
    assert all(row["false_positive_area"] is not None for row in told["rows"])
    cells = RunStore(workplace / "labels").cells()
    lacking = cells.frame["label"] == "crack"
    assert cells.frame["unmasked"].equals(lacking)
    assert set(cells.frame["status"]) <= {"ok", "empty"}
    why = "IoU, precision, recall and F1 are not known: none of the 2 defective test images has a mask."
    assert why in (workplace / "labels" / "table.md").read_text()
    assert why in (workplace / "labels" / "report" / "index.html").read_text()


def test_what_needs_masks_says_so_in_one_line(run, workplace):
    run("cells", "--out", "labels")
    for command in (("compare", "labels", "--reference", "grad-cam"), ("check", "labels", "--against", "labels")):
        message = call(*command, code=2).stderr
        assert "no defective test image with a mask" in message or "on a defective test image with a mask" in message
        assert message.count("\n") == 1


def test_kinds_are_told_from_each_other_and_the_predicted_one_is_explained(run, workplace):
    told = run("steel", "--out", "kinds")
    assert "target predicted" in told["protocol"]
    frame = RunStore(workplace / "kinds").cells().frame
    assert set(frame["predicted"]) <= {"inclusion", "patches", "scratches"}
    message = call("run", "--dataset", "folder", "--data-root", "steel", *QUICK, "--one-kind", code=2).stderr
    assert "all images are labelled defect; add images of the same surface without a defect, labelled good" in message


def test_verify_tells_what_is_missing_and_counts_items(workplace):
    done = call("verify", "folder", "--data-root", "cells", "--group-by", "([0-9])$", "--size", "32x32", code=1)
    assert "missing masks: none of the 12 defective images has one" in done.stdout
    assert "cells: 24 images of 10 items at 32x32, 1 fault;" in done.stdout


@pytest.mark.parametrize("command", ["leaks", "show"])
def test_commands_of_images_group_and_name_kinds_as_a_run_does(workplace, command):
    text = call(command, "folder", "--data-root", "boards", "--group-by", "([0-9]+)$", "--one-kind").stdout
    assert "boards" in text
    message = call(command, "folder", "--data-root", "boards", "--group-by", "nothing", code=2).stderr
    assert "finds no item in 16 of 16 ids" in message


def test_a_coding_of_masks_reaches_the_scores(run, workplace):
    shutil.copytree(workplace / "boards", workplace / "coded")
    for mask in (workplace / "coded" / "masks").rglob("*.png"):
        save(mask, 1 + mask_values(str(mask)).astype(np.uint8))
    plain, coded = run("boards"), run("coded", "--mask-above", "1")
    cells, other = (RunStore(workplace / told["run"]).cells() for told in (plain, coded))
    assert (cells.defect == other.defect).all()
    assert cells.defect.any()
    assert "full mask" in call("verify", "folder", "--data-root", "coded", "--size", "32x32", code=1).stdout
    call("verify", "folder", "--data-root", "coded", "--size", "32x32", "--mask-above", "1")


def test_a_folder_of_no_layout_is_told_what_it_holds_in_one_line(workplace):
    write_good(workplace / "odd" / "Images" / "1.png")
    write_good(workplace / "odd" / "GT" / "1.png")
    message = call("run", "--dataset", "folder", "--data-root", "odd", code=2).stderr
    assert "holds GT/ (1 images), Images/ (1 images); it should hold images/ and masks/" in message
