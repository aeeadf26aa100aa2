"""The readings of a spec are those that it has, each of them another spec."""

import pytest

from methods import parse
from methods.alternatives import QUESTIONS, Network, every_combination, one_at_a_time
from methods.registry import names

NETWORK = Network(5, leaky=True)
TEXTS = [*names(), "layer-cam+fgbp", "full-grad+fgbp", "ra-cam/S2-S4=minmax", "grad-cam/stages+lt[relu=sum]"]


def answers(text, question, network=NETWORK):
    found = one_at_a_time(parse(text), network)
    return {dict(one.answers)[question]: str(one.spec) for one in found if question in dict(one.answers)}


@pytest.mark.parametrize("text", TEXTS)
def test_every_reading_is_another_spec_that_can_be_written(text):
    found = one_at_a_time(parse(text), NETWORK)
    assert found[0].spec == parse(text)
    assert found[0].answers == ()
    assert len({one.spec for one in found}) == len(found)
    assert len({one.answers for one in found}) == len(found)
    for one in found:
        assert parse(str(one.spec)) == one.spec


@pytest.mark.parametrize("text", ["ra-cam", "lt-grad-cam", "lt-full-grad", "layer-cam+fgbp", "cam"])
def test_combinations_hold_the_single_readings_and_the_product(text):
    single, every = one_at_a_time(parse(text), NETWORK), every_combination(parse(text), NETWORK)
    assert {one.spec for one in single} <= {one.spec for one in every}
    assert len({one.spec for one in every}) == len(every)
    for one in every:
        assert parse(str(one.spec)) == one.spec


def test_the_product_of_a_few_questions_by_hand():
    # Of one layer there is nothing to fuse: corners, and where the ReLU stands.
    found = {str(one.spec) for one in every_combination(parse("grad-cam"), NETWORK)}
    assert found == {
        "grad-cam", "grad-cam[corners=aligned]", "grad-cam[relu=sum]", "grad-cam[corners=aligned,relu=sum]",
    }  # fmt: skip


def test_the_questions_of_ra_cam():
    assert answers("ra-cam", "percentile δ") == {"one for the layer": "ra-cam@50[percentile=layer]"}
    assert answers("ra-cam", "eq. 6") == {"eq. 5 alone": "hires-cam/stages+fgbp@50"}
    assert answers("ra-cam", "weight R") == {"pooled": "ra-cam-pooled@50"}
    assert answers("ra-cam-pooled", "weight R") == {"position by position": "ra-cam@50"}
    assert answers("ra-cam", "leaky ReLU") == {"hard mask": "ra-cam@50[slope=hard]"}
    assert answers("ra-cam", "leaky ReLU", Network(5, leaky=False)) == {}
    assert set(answers("ra-cam", "layers")) == {"last", "convs", "S2-S5", "S3-S5", "S4-S5", "S1-S4"}
    assert set(answers("ra-cam", "layers", Network(2, leaky=False))) == {"last", "convs"}


def test_the_question_of_equation_11_is_that_of_lt_grad_cam_alone():
    assert answers("lt-grad-cam", "eq. 11") == {
        "as printed, with the ReLU": "hires-cam/stages+lt@50[kept=mean]",
        "as printed": "hires-cam/stages+lt@50[kept=mean,relu=none]",
    }
    for text in ("lt-layer-cam", "ra-cam-pooled", "grad-cam"):
        assert answers(text, "eq. 11") == {}


def test_the_plug_in_may_be_joined_by_equation_6():
    assert answers("layer-cam+fgbp@30", "eq. 6") == {"eq. 5 and eq. 6": "layer-cam+fgbp@30+lt@30"}
    assert answers("lt-layer-cam", "eq. 6") == {}


def test_full_grad_has_its_scaling_and_no_layers():
    assert answers("full-grad", "FullGrad's scaling") == {"per channel": "full-grad[scaling=channel]"}
    assert answers("full-grad", "layers") == answers("full-grad", "ReLU") == {}
    assert "gmean" in answers("full-grad", "fusing")


def test_a_method_of_no_layer_has_nothing_to_fuse():
    for text in ("cam", "random", "grad-cam"):
        assert answers(text, "fusing") == answers(text, "layers") == {}


def test_every_question_is_asked_of_some_method():
    asked = {question for text in TEXTS for one in one_at_a_time(parse(text), NETWORK) for question, _ in one.answers}
    assert asked == set(QUESTIONS)
