"""run through its entry point, in a folder and with a cache of its own."""

import json
import shutil

import pytest

from bench import __version__
from bench.runs.budget import needs_extra_passes
from methods import parse
from results.store.run_store import RunStore
from tests.helpers.command_line import call, call_apart, working_in
from tests.helpers.tiny_set import TINY, register_tiny

QUICK = ("--size", "64x64", "--recipe", "epochs=1", "--device", "cpu")
SMALL = ("--dataset", TINY, "--recipe", "epochs=1,batch=8", "--device", "cpu")
"""Of calls in this process: so few images take no time."""
PLUGIN = """
from methods import gradient_method

@gradient_method("absolute-cam", layers="stages", paper="none: a test")
def absolute_cam(activation, gradient):
    return (gradient.abs() * activation.abs()).sum(1)
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workplace")
    with working_in(folder), pytest.MonkeyPatch.context() as patch:
        register_tiny(patch)
        yield folder


@pytest.fixture(scope="module")
def bench(workplace):
    return call


@pytest.fixture(scope="module")
def first_run(workplace):
    """Every method but the dearest: what these cost is told below."""
    return json.loads(call_apart("run", *QUICK, "--gallery", "2", "--budget", "0.05", "--json").stdout)


def test_help_names_every_command(workplace):
    text = call_apart("--help").stdout
    assert all(command in text for command in ("run", "train", "list"))


def test_version(workplace):
    assert call_apart("--version").stdout.strip() == __version__


def test_run_gives_every_method_a_row_and_writes_what_it_names(first_run, workplace):
    methods = {row["method"] for row in first_run["rows"]}
    assert {"grad-cam", "layer-cam", "ra-cam@50", "lt-grad-cam@50", "random", "every-pixel"} <= methods
    run = workplace / first_run["run"]
    assert (run / "overview.png").stat().st_size > 10_000
    assert "| `grad-cam` |" in (run / "table.md").read_text()
    assert not list(run.rglob("*.part"))


@pytest.fixture(scope="module")
def few(bench):
    """The options of a run of two methods, and what it said."""
    options = (*SMALL, "--methods", "grad-cam,ra-cam@30", "--out", "few")
    return options, json.loads(bench("run", *options, "--json").stdout)


def test_a_quiet_run_says_nothing(bench, few):
    options, _ = few
    done = bench("run", *options, "--quiet")
    assert (done.stdout, done.stderr) == ("", "")


def test_a_second_run_computes_nothing_and_says_the_same(bench, few, workplace):
    options, told = few
    before = sorted(path.stat().st_mtime_ns for path in (workplace / told["run"] / "cells").iterdir())
    assert json.loads(bench("run", *options, "--json").stdout) == told
    assert sorted(path.stat().st_mtime_ns for path in (workplace / told["run"] / "cells").iterdir()) == before


def test_run_ends_with_a_page_that_report_makes_again_from_what_was_kept(bench, few, workplace):
    folder = few[1]["run"]
    page = workplace / folder / "report" / "index.html"
    before = page.read_text()
    shutil.rmtree(page.parent)
    told = bench("report", folder).stdout
    assert told == f"Open {folder}/report/index.html\n"
    assert page.read_text() == before
    assert "<code>ra-cam@30</code>" in before
    assert "ra-cam@30" in (page.parent / "tables" / "table.tex").read_text()


def test_run_measures_all_but_what_has_no_answer(first_run):
    assert [row["method"] for row in first_run["rows"] if not row["applicable"]] == ["cam"]
    for row in first_run["rows"]:
        if row["applicable"]:
            again = needs_extra_passes(parse(row["method"]))
            assert row["images"] == (36 if again else 72)
            assert (row["false_positive_area"] is None) == again
            assert 0 <= row["iou"] <= 1


def test_chance_is_what_it_should_be(first_run):
    rows = {row["method"]: row for row in first_run["rows"]}
    assert rows["every-pixel"]["recall"] > 0.999
    assert rows["every-pixel"]["false_positive_area"] > 0.999
    assert 0.3 < rows["random"]["recall"] < 0.7


def test_the_terminal_gets_a_table_a_protocol_and_a_next_step(bench, few):
    text = bench("run", *few[0]).stdout
    assert all(word in text for word in ("Micro-F1", "ra-cam@30", "threshold otsu", "index.html"))
    assert max(map(len, text.splitlines()[:4])) <= 100
    assert "In percent." in text


def test_a_budget_leaves_methods_out_and_says_so(bench):
    done = bench("run", *SMALL, "--methods", "grad-cam,score-cam", "--out", "cheap", "--budget", "0", "--json")
    assert [row["method"] for row in json.loads(done.stdout)["rows"]] == ["grad-cam"]
    assert "score-cam: " in done.stderr
    assert "forward passes an image, 4 images" in done.stderr
    assert "left out" in done.stderr


def test_a_method_that_asks_again_is_run_on_good_images_where_that_is_asked_for(bench, first_run, workplace):
    frame = RunStore(workplace / first_run["run"]).cells().frame
    names = frame.groupby("label")["image"].first()
    asked = ("--methods", "group-cam", "--chunk", "9", *(word for name in names for word in ("--image", name)))
    for images, option in ((1, ()), (2, ("--all-images",))):
        done = bench("run", *QUICK, *asked, *option, "--out", f"asked-{images}", "--json")
        assert json.loads(done.stdout)["rows"][0]["images"] == images


def test_a_run_may_be_of_a_few_images_that_are_named(bench, first_run, workplace):
    frame = RunStore(workplace / first_run["run"]).cells().frame
    names = frame.loc[frame["label"] == "defect", "image"].unique()[:2]
    asked = [word for name in names for word in ("--image", name)]
    done = json.loads(bench("run", *QUICK, "--methods", "grad-cam", *asked, "--json").stdout)
    assert [row["images"] for row in done["rows"]] == [2]
    assert done["protocol"].endswith("2 chosen test images.")
    refused = bench("run", *QUICK, "--image", names[0] + "x", code=2)
    assert f"no image '{names[0]}x'" in refused.stderr


def test_a_tuned_threshold_takes_the_validation_images_along(bench):
    asked = ("--methods", "grad-cam", "--threshold", "tuned", "--out", "tuned")
    rows = json.loads(bench("run", *SMALL, *asked, "--json").stdout)["rows"]
    assert rows[0]["supervision"] == "masks of validation"


def test_a_plug_in_file_adds_a_method_that_takes_rules(bench, workplace):
    (workplace / "absolute_cam.py").write_text(PLUGIN)
    methods = "absolute-cam,absolute-cam/S2-S4=max+fgbp+lt@30"
    text = bench("run", *SMALL, "--plugin", "absolute_cam.py", "--methods", methods, "--out", "own", "--json").stdout
    assert [row["method"] for row in json.loads(text)["rows"]] == [
        "absolute-cam",
        "absolute-cam/S2-S4=max+fgbp@30+lt@30",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--methods", "gradcam"), ("gradcam", "did you mean grad-cam")),
        (("run", "--methods", "ra-cam@150"), ("percentile from 0 to 100",)),
        (("run", "--dataset", "kssd"), ("kssd", "ksdd")),
        (("run", "--dataset", "ksdd", "--data-root", "nowhere"), ("nowhere", "--data-root")),
        (("run", "--size", "64"), ("HEIGHTxWIDTH",)),
        (("run", "--recipe", "epoch=3"), ("epoch", "epochs")),
        (("run", "--network", "resnet81"), ("resnet81", "resnet18")),
        (("run", "--threshold", "otzu"), ("otzu", "otsu")),
        (("run", "--target", "best"), ("best", "predicted")),
        (("run", "--plugin", "none.py"), ("none.py",)),
        (("run", "--network", "resnet18", "--weights", "none.pth"), ("none.pth",)),
        (("train", "--weights", "imagenet"), ("built-in network has no weights",)),
        (("list", "layers", "--network", "vgg61"), ("vgg61", "vgg16")),
    ],
)
def test_a_mistake_ends_with_one_message_and_code_2(tmp_path, arguments, words):
    with working_in(tmp_path):
        message = call(*arguments, code=2).stderr
    assert message.startswith("error: ")
    assert all(word in message for word in words), message


def test_a_layer_that_the_network_lacks_ends_without_a_traceback(bench, first_run):
    done = bench("run", *QUICK, "--methods", "grad-cam/S9", code=2)
    assert "S1 to S5" in done.stderr
    assert "Traceback" not in done.stderr
