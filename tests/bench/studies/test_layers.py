"""What is shown of every layer, against slow arithmetic, and which classifier shows it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from bench.attribution.explaining import explain, explain_batch
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.runs.experiment import find
from bench.studies.layers import MOST_KINDS, assignment_of, block, method_maps, one_of_each_kind
from datasets import GOOD
from datasets.catalogue.synthetic import generate
from datasets.registry import DATASETS
from methods import evidence_method, gradient_method, parse
from results.metrics.levels import to_levels
from tests.helpers.small_networks import SIZE, chain, pictures
from tests.helpers.tiny_set import TINY, register_tiny, tiny_settings

LAYERS = ("act1", "act2", "act3")
MASK = torch.zeros(1, *SIZE, dtype=torch.bool)
MASK[0, 6:15, 8:20] = True


def gathered(texts, network=None, mask=MASK):
    network, image = network or chain(), pictures(1)
    specs = [parse(text, layers="stages") for text in texts]
    anatomy = examine(network, image)
    results = explain_batch(network, anatomy, image, Target(), specs)
    by_spec = {result.spec: method_maps(result, anatomy, mask) for result in results}
    return [by_spec[spec] for spec in specs]


def grad_cams(network, image):
    """Grad-CAM's map of each layer by hand: the network up to the layer, then the rest of it, and one gradient."""
    names = [name for name, _ in network.named_children()]
    maps = {}
    for name in LAYERS:
        layer = names.index(name) + 1
        head, rest = network[:layer], network[layer:]
        activation = head(image).detach().requires_grad_()
        # The clone is no leaf, so the operations in place that follow may change it.
        (gradient,) = torch.autograd.grad(rest(activation.clone())[0, 1], activation)
        weights = gradient[0].numpy().mean((1, 2))
        maps[name] = np.maximum((weights[:, None, None] * activation.detach()[0].numpy()).sum(0), 0)
    return maps


def enlarged(one):
    """Bilinear, each pixel the weighted mean of the four centres around it."""
    (tall, wide), (height, width) = one.shape, SIZE
    large = np.zeros(SIZE)
    for row in range(height):
        for column in range(width):
            y = min(max((row + 0.5) * tall / height - 0.5, 0), tall - 1)
            x = min(max((column + 0.5) * wide / width - 0.5, 0), wide - 1)
            top, left = min(int(y), tall - 2), min(int(x), wide - 2)
            down, right = y - top, x - left
            upper = (1 - right) * one[top, left] + right * one[top, left + 1]
            lower = (1 - right) * one[top + 1, left] + right * one[top + 1, left + 1]
            large[row, column] = (1 - down) * upper + down * lower
    return large


def levels(one):
    return np.floor(255 * (one - one.min()) / (one.max() - one.min()))


def otsu(cut):
    """The lowest threshold with the largest variance between the two classes."""

    def between(threshold):
        marked = cut > threshold
        if marked.all() or not marked.any():
            return 0.0
        return marked.mean() * (1 - marked.mean()) * (cut[marked].mean() - cut[~marked].mean()) ** 2

    return max(range(255), key=between)


def nearly_all(one, other):
    """Rounding may move a pixel to the neighbouring level."""
    return (np.abs(one.astype(int) - other) <= 1).all() and (one != other).mean() < 0.01


def test_maps_maxima_shares_and_the_fused_map_are_what_arithmetic_gives():
    alone = {name: enlarged(one) for name, one in grad_cams(chain(), pictures(1)).items()}
    (found,) = gathered(["grad-cam"])
    assert found.method == "grad-cam/stages"
    assert [(one.stage, one.name) for one in found.layers] == [("S1", "act1"), ("S2", "act2"), ("S3", "act3")]
    total = sum(alone.values())
    peak = np.unravel_index(total.argmax(), SIZE)
    for one in found.layers:
        assert one.levels.dtype == np.uint8
        assert nearly_all(one.levels, levels(alone[one.name]))
        assert one.maximum == pytest.approx(alone[one.name].max(), rel=1e-5)
        assert one.share == pytest.approx(alone[one.name][peak] / total[peak], rel=1e-4)
    fused = levels(total)
    assert (found.fused.how, found.fused.status) == ("sum", "ok")
    assert nearly_all(found.fused.levels, fused)
    marked, defect = fused > otsu(fused), MASK[0].numpy()
    assert (found.fused.positive == marked).mean() > 0.99
    assert found.fused.iou == pytest.approx((marked & defect).sum() / (marked | defect).sum(), abs=0.02)
    assert 0 < found.fused.iou < 1


@pytest.mark.parametrize(
    "text",
    ["grad-cam", "lt-grad-cam", "ra-cam/stages=gmean", "layer-cam/S2-S3=product", "grad-cam[relu=sum]", "full-grad"],
)
def test_shares_add_up_to_one_and_the_fused_map_is_the_one_that_is_scored(text):
    (found,) = gathered([text])
    assert sum(one.share for one in found.layers) == pytest.approx(1, abs=1e-5)
    spec = parse(text, layers="stages")
    scored = explain(chain(), pictures(1), spec)[spec][0].numpy()
    assert np.array_equal(found.fused.levels, levels(scored).astype(np.uint8))
    assert found.fused.how == spec.fuse


@pytest.mark.parametrize("text", ["grad-cam", "grad-cam[corners=aligned]", "xgrad-cam[relu=none]"])
def test_a_layer_alone_is_the_heatmap_of_that_layer_alone(text):
    (found,) = gathered([text])
    for one in found.layers:
        scored = explain(chain(), pictures(1), text.replace("-cam", f"-cam/layer.{one.name}"))
        (heatmap,) = scored.values()
        assert one.maximum == heatmap.max()
        assert np.array_equal(one.levels, to_levels(heatmap)[0].numpy())


def test_fused_from_one_map_only_nothing_was_fused():
    one, none = gathered(["grad-cam/last", "every-pixel"])
    assert [layer.name for layer in one.layers] == ["act3"]
    assert one.layers[0].share == 1
    assert none.layers == ()
    assert one.fused.how == none.fused.how == ""


def test_full_grad_shows_the_input_and_every_layer_with_a_bias():
    (found,) = gathered(["full-grad"])
    assert [one.name for one in found.layers] == ["input", "conv1", "norm2", "conv3"]
    assert {one.stage for one in found.layers} == {""}


def test_methods_without_an_answer_have_a_reason_and_the_others_go_on():
    @gradient_method("fragile", paper="none")
    def fragile(activation, gradient):
        raise ZeroDivisionError("a planted fault")

    found = gathered(["ra-cam", "cam", "fragile", "grad-cam"])
    assert [one.method for one in found] == ["ra-cam@50", "cam/stages", "fragile/stages", "grad-cam/stages"]
    assert [bool(one.fused) for one in found] == [True, False, False, True]
    assert found[1].reason.startswith("not applicable: the network does not end in global average pooling")
    assert found[2].reason == "failed: ZeroDivisionError: a planted fault"
    assert found[1].layers == found[2].layers == ()


def test_a_flat_map_marks_nothing_and_says_so():
    @evidence_method("flat", paper="none")
    def flat(view):
        return torch.ones_like(view.input[:, 0])

    (found,) = gathered(["flat"])
    assert (found.fused.status, found.fused.iou) == ("constant", 0)
    assert not found.fused.positive.any()


def test_without_a_defect_there_is_no_iou():
    (found,) = gathered(["grad-cam"], mask=torch.zeros_like(MASK))
    assert np.isnan(found.fused.iou)


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        register_tiny(monkeypatch)
        yield find(tiny_settings(tmp_path_factory.mktemp("tiny"), folds=3))


@pytest.fixture(scope="module")
def assignments(experiment):
    return list(experiment.assignments())


def test_every_image_is_shown_by_the_classifier_that_was_not_trained_on_it(experiment, assignments):
    chosen = {image: assignment_of(assignments, image) for image in experiment.samples["id"]}
    for image, one in chosen.items():
        row = one.data.table.set_index("id").loc[image]
        assert row["split"] == "test"
        same = one.data.table.set_index("group").loc[[row["group"]], "split"]
        assert set(same) == {"test"}
    assert {one.plan.fold for one in chosen.values()} == {0, 1, 2}


def test_without_folds_there_is_one_classifier_whatever_the_split(experiment):
    (only,) = replace(experiment, settings=experiment.settings.model_copy(update={"folds": 0})).assignments()
    assert set(only.data.table["split"]) == {"train", "val", "test"}
    assert all(assignment_of([only], image) is only for image in only.data.table["id"])


def test_one_tested_image_of_each_kind_of_defect_is_shown(tmp_path, monkeypatch):
    def by_kind(root):
        table = generate(root, size=(48, 64), items=30)
        kinds = table["id"].str.extract(r"-(\w+)$")[0]
        return table.assign(label=kinds.where(table["label"] != GOOD, GOOD))

    register_tiny(monkeypatch)
    monkeypatch.setitem(DATASETS, TINY, replace(DATASETS[TINY], samples=by_kind))
    experiment = find(tiny_settings(tmp_path))
    (only,) = experiment.assignments()
    chosen = one_of_each_kind([only])
    rows = only.data.table.set_index("id").loc[list(chosen)]
    kinds = sorted(set(experiment.classes) - {GOOD})
    assert len(kinds) > MOST_KINDS
    assert rows["label"].tolist() == kinds[:MOST_KINDS]
    assert set(rows["split"]) == {"test"}


def test_where_nothing_that_is_tested_is_defective_one_has_to_be_named(assignments):
    table = assignments[0].data.table
    good = replace(assignments[0], data=replace(assignments[0].data, table=table[table["label"] == GOOD]))
    with pytest.raises(BenchError, match="name an image with --image"):
        one_of_each_kind([good])


def test_a_block_is_of_the_image_its_mask_and_its_own_classifier(experiment, assignments):
    (image,) = one_of_each_kind(assignments)
    assignment = assignment_of(assignments, image)
    classifier = experiment.classifier(assignment, lambda _: lambda *_: None)
    specs = [parse("layer-cam"), parse("every-pixel")]
    shown = block(assignment, classifier, image, specs, Target())
    row = experiment.samples.set_index("id").loc[image]
    assert shown.caption == f"defect; test, fold {assignment.plan.fold + 1} of 3, seed 0"
    assert shown.image.name == image
    assert shown.image.image.shape == (48, 64, 3)
    assert shown.image.mask.any() == (row["label"] != GOOD)
    images = torch.from_numpy(shown.image.image.copy())[None, :, :, :1].permute(0, 3, 1, 2)
    expected = explain(classifier.network, classifier.prepare(images), "layer-cam")["layer-cam"][0].numpy()
    assert [one.method for one in shown.methods] == ["layer-cam", "every-pixel"]
    assert nearly_all(shown.methods[0].fused.levels, levels(expected))


def test_an_image_that_cannot_be_read_is_named(experiment, assignments, tmp_path):
    assignment = assignments[0]
    classifier = experiment.classifier(assignment, lambda _: lambda *_: None)
    table = assignment.data.table.assign(image_path=str(tmp_path / "none.png"))
    lost = replace(assignment, data=replace(assignment.data, table=pd.DataFrame(table)))
    with pytest.raises(BenchError, match=r"none\.png"):
        block(lost, classifier, table["id"].iloc[0], [parse("grad-cam")], Target())
