"""`python -m bench layers` through its real entry points."""

import pytest
from PIL import Image

from datasets import GOOD, assign
from datasets.registry import DATASETS
from reports import layer_sheet
from tests.helpers.command_line import call, working_in
from tests.helpers.tiny_set import TINY, register_tiny

PLUGIN = """
from methods import gradient_method

@gradient_method("absolute-cam", paper="none: a test")
def absolute_cam(activation, gradient):
    return (gradient.abs() * activation.abs()).sum(1)
"""
QUICK = ("--recipe", "epochs=1", "--device", "cpu")
PLACES = ("--dataset", TINY, "--data-root", "data", "--checkpoints", "cache")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "absolute_cam.py").write_text(PLUGIN)
    return folder


@pytest.fixture
def bench(workplace, monkeypatch):
    """Call the command on the tiny set in this process; return its exit code, output and messages."""
    register_tiny(monkeypatch)
    monkeypatch.chdir(workplace)
    return lambda *arguments: call("layers", *PLACES, *QUICK, *arguments, code=None)


@pytest.fixture
def blocks(monkeypatch):
    """What is given to the sheet to draw, and the title."""
    given, draw = [], layer_sheet.draw

    def spied(shown, title, target):
        given.append((shown, title))
        draw(shown, title, target)

    monkeypatch.setattr(layer_sheet, "draw", spied)
    return given


def looks_drawn(path):
    with Image.open(path) as picture:
        colours = picture.convert("RGB").getcolors(picture.width * picture.height)
    return picture.width > 1000 and len(colours) > 200


def test_on_the_built_in_set_without_any_choice_it_draws_what_it_names(tmp_path):
    with working_in(tmp_path):
        done = call("layers", "--size", "64x64", *QUICK)
    (picture,) = tmp_path.glob("*.png")
    assert done.stdout == f"Open {picture.name}\n"
    assert picture.name.endswith("-layers.png")
    assert looks_drawn(picture)


def test_only_the_classifier_that_tests_the_image_is_trained_and_then_kept(bench, blocks, workplace):
    samples = DATASETS[TINY].samples(workplace / "data")
    splits = [assign(samples, folds=3, fold=fold).set_index("id")["split"] for fold in range(3)]
    image = next(name for name, split in splits[1].items() if split == "test")
    for out in ("first.png", "second.png"):
        code, said, _ = bench("--folds", 3, "--seeds", 2, "--image", image, "--out", out)
        assert (code, said) == (0, f"Open {out}\n")
    (kept,) = (workplace / "cache").glob("*.safetensors")
    assert "fold1of3-seed0" in kept.name
    captions = [shown.caption for given, _ in blocks for shown in given]
    assert all(caption.endswith("; test, fold 2 of 3, seed 0") for caption in captions)
    assert (workplace / "first.png").read_bytes() == (workplace / "second.png").read_bytes()


def test_images_and_methods_are_drawn_in_the_order_asked_for_and_once(bench, blocks, workplace):
    samples = DATASETS[TINY].samples(workplace / "data")
    table = assign(samples).set_index("id")
    trained, tested = (table.index[table["split"] == split][-1] for split in ("train", "test"))
    methods = "ra-cam,absolute-cam,cam,grad-cam/last,absolute-cam"
    images = ("--image", trained, "--image", tested, "--image", trained)
    code, said, _ = bench(*images, "--plugin", "absolute_cam.py", "--methods", methods)
    name = f"{trained}-{tested}-layers.png".replace("/", "-")
    assert (code, said) == (0, f"Open {name}\n")
    assert looks_drawn(workplace / name)
    ((given, title),) = blocks
    assert title == f"{TINY} at 48x64; vgg-small (fc head); target 1"
    assert [shown.image.name for shown in given] == [trained, tested]
    assert [shown.caption.split("; ")[1] for shown in given] == ["train, seed 0", "test, seed 0"]
    for shown in given:
        assert [one.method for one in shown.methods] == [
            "ra-cam@50", "absolute-cam/stages", "cam/stages", "grad-cam",
        ]  # fmt: skip
        assert [len(one.layers) for one in shown.methods] == [5, 5, 0, 1]
        assert "not applicable" in shown.methods[2].reason


def test_by_default_it_is_a_defective_image_that_is_tested(bench, blocks, workplace):
    assert bench("--methods", "grad-cam", "--target", "margin", "--out", "deep/a.png")[0] == 0
    (((shown,), title),) = blocks
    row = assign(DATASETS[TINY].samples(workplace / "data")).set_index("id").loc[shown.image.name]
    assert row["label"] != GOOD
    assert row["split"] == "test"
    assert shown.image.mask.any()
    assert title.endswith("target 1-margin")
    assert (workplace / "deep" / "a.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--image", "cast-000/0-goud"), ("no image 'cast-000/0-goud'", "did you mean")),
        (("--methods", "gradcam"), ("gradcam", "did you mean grad-cam")),
        (("--methods", "grad-cam/S9"), ("S1 to S5",)),
        (("--methods", ""), ("--methods", "grad-cam")),
        (("--target", "best"), ("best", "predicted")),
        (("--target", "7"), ("classes 0 to 1",)),
        (("--plugin", "none.py"), ("none.py",)),
        (("--folds", "99"), ("99",)),
        (("--dataset", "kssd"), ("kssd", "ksdd")),
    ],
)
def test_a_mistake_ends_with_one_message_and_code_2(bench, arguments, words):
    code, said, message = bench(*arguments)
    assert (code, said) == (2, "")
    assert message.startswith("error: ")
    assert message.count("error") == 1
    assert all(word in message for word in words), message
