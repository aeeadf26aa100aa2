"""Which number is explained, by hand in float64."""

import pytest
import torch

from bench.errors import BenchError
from bench.network.targets import Target, default_target, parse_target

LOGITS = torch.tensor([[9.0, 1.5, 3.25], [0.5, -2.0, -4.0], [-1.0, 7.0, 7.5], [2.0, 6.0, 5.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 2, 1, 1])


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target(), [1.5, -2, 7, 6]),
        (Target(0), [9, 0.5, -1, 2]),
        (Target(2), [3.25, -4, 7.5, 5]),
        (Target(1, margin=True), [1.5 - 9, -2 - 0.5, 7 - 7.5, 6 - 5]),
        (Target(0, margin=True), [9 - 3.25, 0.5 + 2, -1 - 7.5, 2 - 6]),
        # The highest defect class, never class 0, also where that is higher.
        (Target("predicted"), [3.25, -2, 7.5, 6]),
        (Target("predicted", margin=True), [3.25 - 9, -2 - 0.5, 7.5 - 7, 6 - 5]),
        # The image's own class; the first image is defect-free and takes the highest defect class.
        (Target("label"), [3.25, -4, 7, 6]),
        (Target("label", margin=True), [3.25 - 9, -4 - 0.5, 7 - 7.5, 6 - 5]),
        # Without a class "good", class 0 is a kind of defect as the others are.
        (Target("predicted", kinds=True), [9, 0.5, 7.5, 6]),
        (Target("label", kinds=True), [9, -4, 7, 6]),
    ],
    ids=str,
)
def test_scores_by_hand(target, expected):
    assert target.score(LOGITS, LABELS).tolist() == expected


def test_the_default_is_the_defect_and_of_several_the_predicted_one():
    assert default_target(2) == Target()
    assert default_target(3) == Target("predicted")
    assert default_target(2, kinds=True) == Target("predicted", kinds=True)


@pytest.mark.parametrize("target", [Target(), Target("predicted")], ids=str)
def test_of_two_classes_the_defects_is_explained(target):
    assert target.score(LOGITS[:, :2]).tolist() == [1.5, -2, 7, 6]


@pytest.mark.parametrize("choice", [1, 5, "label", "predicted"])
@pytest.mark.parametrize("margin", [False, True])
def test_one_logit_is_the_score_of_the_defect_whatever_the_choice(choice, margin):
    assert Target(choice, margin).score(LOGITS[:, :1]).tolist() == [9, 0.5, -1, 2]


@pytest.mark.parametrize("margin", [False, True])
def test_the_good_class_has_the_negative_of_one_logit(margin):
    assert Target(0, margin).score(LOGITS[:, :1]).tolist() == [-9, -0.5, 1, -2]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target(2), [[0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]]),
        (Target(1, margin=True), [[-1, 1, 0], [-1, 1, 0], [0, 1, -1], [0, 1, -1]]),
        (Target("predicted"), [[0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 1, 0]]),
        (Target("label", margin=True), [[-1, 0, 1], [-1, 0, 1], [0, 1, -1], [0, 1, -1]]),
    ],
    ids=str,
)
def test_the_gradient_flows_to_the_logits_of_the_score(target, expected):
    logits = LOGITS.clone().requires_grad_()
    target.score(logits, LABELS).sum().backward()
    assert logits.grad.tolist() == expected


def test_scores_of_half_precision_are_finite():
    assert Target(1, margin=True).score(LOGITS.half()).isfinite().all()


@pytest.mark.parametrize("choice", [-1, 3, 10])
def test_a_class_that_the_network_has_not_is_named(choice):
    with pytest.raises(BenchError, match=f"target {choice}: the network has classes 0 to 2"):
        Target(choice).score(LOGITS)


def test_a_label_target_needs_labels():
    with pytest.raises(BenchError, match="'label' needs the images' labels"):
        Target("label").score(LOGITS)


@pytest.mark.parametrize("shape", [(4,), (4, 3, 2, 2), ()])
def test_outputs_that_are_no_logits_are_refused(shape):
    with pytest.raises(BenchError, match=r"logits \(B, classes\), not"):
        Target().score(torch.zeros(shape))


TEXTS = {
    "1": Target(1),
    "0": Target(0),
    "12": Target(12),
    "label": Target("label"),
    "predicted": Target("predicted"),
    "1-margin": Target(1, margin=True),
    "7-margin": Target(7, margin=True),
    "label-margin": Target("label", margin=True),
    "predicted-margin": Target("predicted", margin=True),
}


@pytest.mark.parametrize(("text", "target"), TEXTS.items())
def test_texts_and_targets_are_each_others(text, target):
    assert parse_target(text) == target
    assert str(target) == text


def test_margin_alone_is_that_of_class_1():
    assert parse_target("margin") == Target(1, margin=True)


def test_only_label_targets_use_the_label():
    assert [text for text, target in TEXTS.items() if target.uses_label] == ["label", "label-margin"]


@pytest.mark.parametrize("text", ["-1", "1.5", "labels", "good", "margin-1", "label margin", " ", "-2-margin"])
def test_other_texts_are_refused(text):
    with pytest.raises(BenchError, match=f"no target '{text}'.*class index, label, predicted or margin"):
        parse_target(text)


@pytest.mark.parametrize("text", ["", "-", "1-", "label-", "labelmargin", "1margin", "-margin", "²"])
def test_texts_that_are_almost_targets_are_refused_too(text):
    with pytest.raises(BenchError, match="there is no target"):
        parse_target(text)
