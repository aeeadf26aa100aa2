"""A user's own images explained on the command line."""

import json
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from bench import explain
from bench.classifiers.checkpoint import load, save
from bench.classifiers.networks import build
from datasets import read_image
from methods import parse
from methods.fusing import upsample
from reports.heatmap_overlay import INSIDE, OUTSIDE, overlay
from results.metrics.levels import to_levels
from results.metrics.thresholds import otsu
from tests.helpers.cards import CARD, PLAN
from tests.helpers.command_line import call


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("cache") / PLAN.file_name
    save(build(PLAN.network, seed=4), CARD, path)
    return path


@pytest.fixture
def images(tmp_path):
    """Two images of one name in two folders, of another size than the classifier's input."""
    random = np.random.default_rng(0)
    paths = [tmp_path / "own" / item / "part.png" for item in ("one", "two")]
    for path in paths:
        path.parent.mkdir(parents=True)
        Image.fromarray(random.integers(0, 256, (90, 70, 3), dtype=np.uint8)).save(path)
    return paths


@pytest.fixture
def explained(checkpoint, tmp_path):
    return partial(call, "explain", "--checkpoint", checkpoint, "--out", tmp_path / "out", "--device", "cpu")


def test_the_map_is_that_of_the_python_function_at_the_images_own_size(explained, images, checkpoint, tmp_path):
    told = explained("--method", "ra-cam/S2-S4@30", *images).stdout
    assert told.count("Open ") == 2
    classifier = load(checkpoint)
    for image in images:
        stem = tmp_path / "out" / image.parent.name / "part"
        pixels = torch.from_numpy(read_image(str(image), PLAN.size, PLAN.network.channels))[None]
        (raw,) = explain(classifier.network, classifier.prepare(pixels), "ra-cam/S2-S4@30").values()
        values = np.load(f"{stem}-map.npy")
        assert (values.dtype, values.shape) == (np.float32, (90, 70))
        assert np.allclose(values, upsample(raw, (90, 70))[0].numpy(), atol=1e-6)
        levels = to_levels(torch.from_numpy(values)[None])[0].numpy()
        (cut,) = otsu(np.bincount(levels.ravel(), minlength=256)[None])
        marked = np.asarray(Image.open(f"{stem}-mask.png"))
        assert np.array_equal(marked, 255 * (levels > cut))
        facts = json.loads(stem.with_suffix(".json").read_text())
        assert facts["predicted_positive"] == pytest.approx((marked > 0).mean())
        assert (facts["threshold_level"], facts["method"]) == (cut, str(parse("ra-cam/S2-S4@30")))
        assert sum(facts["probabilities"].values()) == pytest.approx(1)
        assert Image.open(f"{stem}-overlay.png").size == (70, 90)


def test_a_flat_map_marks_nothing_and_says_so(explained, images, tmp_path):
    explained("--method", "every-pixel", images[0], "--threshold", "fixed:0.5")
    facts = json.loads((tmp_path / "out" / "part.json").read_text())
    assert facts["status"] in {"ok", "constant"}
    assert (facts["predicted_positive"] == 0) == (facts["status"] == "constant")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--method", "cam"), "cam has no answer here"),
        (("--method", "racam"), "did you mean ra-cam"),
        (("--threshold", "oracle"), "chosen on masks of test"),
        (("--target", "label"), "have no label"),
        (("nowhere.png",), "nowhere.png cannot be read"),
    ],
)
def test_a_mistake_ends_with_one_message(explained, images, arguments, words):
    assert words in explained(images[0], *arguments, code=2).stderr


def test_images_that_would_write_the_same_files_are_refused(explained, images):
    other = images[0].with_suffix(".bmp")
    Image.open(images[0]).save(other)
    assert "would write" in explained(images[0], other, code=2).stderr


def test_the_line_runs_along_what_is_marked_and_closes_at_the_edge():
    marked = np.zeros((7, 9), dtype=bool)
    marked[2:5, 5:] = True
    drawn = overlay(np.full((7, 9, 3), 128, np.uint8), np.zeros((7, 9), np.uint8), marked)
    inside = (drawn == INSIDE).all(2)
    assert inside.tolist() == (marked & ~(np.pad(marked, 1)[2:, 1:-1] & np.pad(marked, 1)[:-2, 1:-1]
        & np.pad(marked, 1)[1:-1, 2:] & np.pad(marked, 1)[1:-1, :-2])).tolist()  # fmt: skip
    assert (drawn == OUTSIDE).all(2).sum() == 4 + 4 + 3
