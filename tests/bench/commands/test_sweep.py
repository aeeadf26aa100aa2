"""`python -m bench sweep`: what it reads, what it writes, and what it does not compute again."""

import json

import pandas as pd
import pytest

from results.store.run_store import RunStore
from tests.helpers.command_line import call, working_in
from tests.helpers.tiny_set import register_tiny

SETTING = ("--size", "64x64", "--recipe", "epochs=1", "--device", "cpu")
SWEEP = ("sweep", "--methods", "lt-layer-cam,grad-cam/stages+fgbp", "--deltas", "0:100:50", *SETTING)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workplace")
    with working_in(folder):
        yield folder


@pytest.fixture(scope="module")
def first_sweep(workplace):
    """What the first sweep printed."""
    return call(*SWEEP).stdout


@pytest.fixture
def bench(workplace):
    """Call a command in the folder and with the cache of the first sweep."""
    return call


def folder_of(workplace):
    (folder,) = (workplace / "results" / "runs").iterdir()
    return folder


def parts_of(workplace):
    return {path: path.stat().st_mtime_ns for path in (folder_of(workplace) / "cells").iterdir()}


def test_a_sweep_writes_what_it_names(first_sweep, workplace):
    folder = folder_of(workplace)
    assert f"Open {folder.relative_to(workplace) / 'sweep.png'} next." in first_sweep
    assert (folder / "sweep.png").stat().st_size > 10_000
    assert (folder / "sweep.pdf").stat().st_size > 5_000
    assert not (folder / "overview.png").exists()
    rows = pd.read_csv(folder / "sweep.csv")
    families = ("lt-layer-cam", "grad-cam/stages+fgbp")
    assert [tuple(row) for row in rows[["family", "split", "delta"]].itertuples(index=False)] == [
        (family, split, delta) for family in families for split in ("train", "test") for delta in (0, 50, 100)
    ]
    assert set(zip(rows["split"], rows["images"], rows["items"], strict=True)) == {("train", 114, 57), ("test", 36, 18)}
    assert (rows["low"] <= rows["iou"]).all()
    assert (rows["iou"] <= rows["high"]).all()


def test_the_terminal_and_the_markdown_say_the_same(first_sweep, workplace):
    text = (folder_of(workplace) / "sweep.md").read_text()
    for family in ("lt-layer-cam", "grad-cam/stages+fgbp"):
        own = [line for line in first_sweep.splitlines() if line.startswith(f"{family} ")]
        assert [line.split()[1] for line in own] == ["default", "training", "test"]
        assert all(line.split()[-1] == masks for line, masks in zip(own, ("none", "training", "test"), strict=True))
        for line in own:
            number = line.split("[")[0].split()[-1]
            assert f" {number} [" in text
    assert "never a result" in text
    assert "threshold otsu" in first_sweep


def test_a_second_sweep_computes_nothing_and_says_the_same(first_sweep, workplace, bench):
    before, table = parts_of(workplace), (folder_of(workplace) / "sweep.csv").read_bytes()
    again = bench(*SWEEP).stdout
    assert again.split("\nDone")[0] == first_sweep.split("\nDone")[0]
    assert parts_of(workplace) == before
    assert (folder_of(workplace) / "sweep.csv").read_bytes() == table


def test_the_same_is_told_to_a_program_and_nothing_to_nobody(first_sweep, workplace, bench):
    told = json.loads(bench(*SWEEP, "--json").stdout)
    points = pd.read_csv(folder_of(workplace) / "sweep.csv")
    assert pd.DataFrame(told["points"])["iou"].tolist() == pytest.approx(points["iou"].tolist())
    assert [(choice["family"], choice["chosen_on"]) for choice in told["choices"]] == [
        (family, on) for family in ("lt-layer-cam", "grad-cam/stages+fgbp") for on in ("default", "train", "test")
    ]
    assert {choice["masks"] for choice in told["choices"]} == {"none", "masks of training", "masks of test"}
    assert all(0 <= choice["low"] <= choice["iou"] <= choice["high"] <= 1 for choice in told["choices"])
    assert bench(*SWEEP, "--quiet")[1:] == ("", "")


def test_more_deltas_compute_only_themselves(first_sweep, workplace, bench):
    before = set(RunStore(folder_of(workplace)).finished())
    bench("sweep", "--methods", "lt-layer-cam@30", "--deltas", "50,80", "--splits", "test", *SETTING)
    added = set(RunStore(folder_of(workplace)).finished()) - before
    assert {(split, spec) for _, _, split, _, spec in added} == {("test", "lt-layer-cam@80")}
    assert len(added) == 36


def test_run_finds_the_cells_of_a_sweep_and_gives_the_same_number(first_sweep, workplace, bench):
    before = set(RunStore(folder_of(workplace)).finished())
    bench(*SWEEP)
    swept = pd.read_csv(folder_of(workplace) / "sweep.csv").set_index(["family", "split", "delta"])["iou"]
    shown = json.loads(bench("run", "--methods", "lt-layer-cam", "--json", *SETTING).stdout)
    (row,) = shown["rows"]
    assert row["iou"] == pytest.approx(swept["lt-layer-cam", "test", 50])
    # Of 72 test images the 36 without a defect were new.
    assert len(set(RunStore(folder_of(workplace)).finished()) - before) == 36


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--methods", "lt-grad-cam,grad-cam,cam"), ("grad-cam, cam cannot be swept", "NAME+lt")),
        (("--methods", ""), ("no methods are named",)),
        (("--methods", "ra-kam"), ("ra-kam", "did you mean ra-cam")),
        (("--deltas", "0:95:10"), ("do not meet 95",)),
        (("--splits", "training"), ("'training'", "train, val, test")),
        (("--threshold", "tuned"), ("the threshold tuned is chosen on masks of validation", "otsu")),
        (("--threshold", "oracle"), ("the threshold oracle is chosen on masks of test",)),
        (("--plugin", "none.py"), ("none.py",)),
    ],
)
def test_a_mistake_ends_with_one_message_and_code_2_before_anything_is_read(bench, monkeypatch, options, words):
    monkeypatch.setattr("bench.runs.request.find", lambda settings: pytest.fail("images were looked for"))
    message = bench("sweep", *options, code=2).stderr
    assert message.startswith("error: ")
    assert all(word in message for word in words), message


def test_folds_validation_and_a_plugin_in_a_folder_of_ones_own(bench, workplace, monkeypatch, tmp_path):
    register_tiny(monkeypatch)
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from methods import gradient_method\n\n\n"
        "@gradient_method('my-swept-cam', layers='stages', paper='none: a test')\n"
        "def my_cam(activation, gradient):\n"
        "    return (gradient * activation).sum(1)\n"
    )
    shown = bench(
        "sweep", "--dataset", "tiny-synthetic", "--data-root", str(tmp_path / "data"), "--folds", "2",
        "--recipe", "epochs=1,batch=8", "--checkpoints", str(tmp_path / "cache"), "--device", "cpu",
        "--methods", "my-swept-cam+lt", "--plugin", str(plugin), "--deltas", "0,90", "--splits", "test,val,train",
        "--threshold", "percentile:95", "--out", str(tmp_path / "run"),
    ).stdout  # fmt: skip
    lines = [line.split()[1] for line in shown.splitlines() if line.startswith("my-swept-cam")]
    assert lines == ["training", "validation", "test"]
    assert "2 folds by item" in shown
    assert "threshold percentile:95" in " ".join(shown.split())
    rows = pd.read_csv(tmp_path / "run" / "sweep.csv")
    assert list(dict.fromkeys(rows["split"])) == ["train", "val", "test"]
    # Every defective image is tested in one of the folds, and trained on in the other or used for validation.
    assert rows.loc[rows["split"] == "test", ["images", "items"]].to_numpy().tolist() == [[20, 10]] * 2
