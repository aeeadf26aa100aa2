"""The text of a spec and the spec itself."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from methods import METHODS, MethodError, MethodSpec, alias, gradient_method, parse, select
from methods.fusing import FUSE
from methods.open_questions import READINGS
from methods.registry import ALIASES, wrapper
from methods.rules import RULES, Filter, Truncation
from methods.sets import SETS
from tests.helpers.plain_registries import restored


@pytest.fixture(autouse=True, scope="module")
def a_method_with_options():
    with restored():

        @gradient_method("tunable", layers="S2", paper="none")
        def tunable(activation, gradient, *, flag=False, count=3, power=0.5, mode="mean"):
            return activation.sum(1)

        alias("tuned", "tunable/S1-S2=max+lt")
        wrapper("smooth", paper="none")(lambda images, inner: images[:, 0])
        yield


layer_choices = (
    st.sampled_from(["last", "stages", "convs", "layer.features.29", "layer.a_b.0"])
    | st.integers(0, 12).map("S{}".format)
    | st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda pair: "S{}-S{}".format(*pair))
)
usual_deltas = st.integers(0, 200).map(lambda half: half / 2)
values = {
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False),
    str: st.text(st.characters(exclude_characters="[],:")).map(str.strip),
}


@st.composite
def specs(draw, deltas=usual_deltas, option_values=values):
    method = METHODS[draw(st.sampled_from([*METHODS, "tunable", "tunable"]))]
    chosen = draw(st.dictionaries(st.sampled_from(RULES), deltas)) if method.obeys_rules else {}
    options = {
        key: draw(option_values[type(default)]) for key, default in method.options.items() if draw(st.booleans())
    }
    fuse = draw(st.sampled_from(sorted(FUSE)))
    readings = {
        key: draw(st.sampled_from(reading.answers[1:]))
        for key, reading in READINGS.items()
        if (not reading.rules or chosen.keys() & set(reading.rules))
        and (not reading.fuses or fuse in reading.fuses)
        and draw(st.booleans())
    }
    changed = {key: value for key, value in options.items() if value != method.options[key]}
    return MethodSpec(
        method.name,
        method.layers if "biases" in method.reads else draw(st.just(method.layers) | layer_choices),
        fuse,
        tuple((rule, chosen[rule]) for rule in RULES if rule in chosen),
        tuple(sorted((changed | readings).items())),
        draw(st.sampled_from(["", "smooth"])),
    )


@settings(deadline=None, max_examples=400)
@given(specs())
def test_the_text_of_a_spec_is_read_as_that_spec(spec):
    read = parse(str(spec))
    assert read == spec
    assert [type(value) for _, value in read.options] == [type(value) for _, value in spec.options]
    assert str(read) == str(spec)


@settings(deadline=None, max_examples=100)
@given(specs(deltas=st.floats(0, 100)))
@example(MethodSpec("grad-cam", "last", rules=(("lt", 33.33333333),)))
@example(MethodSpec("hires-cam", "stages", rules=(("fgbp", 99.99999), ("lt", 99.99999))))
def test_the_text_keeps_every_digit_of_a_delta(spec):
    assert parse(str(spec)) == spec


@settings(deadline=None, max_examples=50)
@given(specs(option_values=values | {str: st.sampled_from(["a:b", "smooth:x", "a/b", "a@b", "a=b", "+lt"])}))
@example(MethodSpec("tunable", "S2", options=(("mode", "a:b"),)))
def test_the_value_of_an_option_is_not_mistaken_for_another_part(spec):
    assert parse(str(spec)) == spec


def test_an_alias_with_options_does_not_stand_for_the_method_without():
    alias("counted", "tunable[count=5]")
    for text in ("tunable", "tunable[count=4]", "tunable[count=5]", "counted", "counted[flag=True]"):
        assert parse(str(parse(text))) == parse(text)
    assert parse("tunable").options == ()


def test_an_option_of_an_alias_can_be_set_back_to_the_default():
    alias("counted", "tunable[count=5]")
    assert parse("counted[count=3]") == parse("tunable")


RA_CAM = (("fgbp", 50.0), ("lt", 50.0))


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("grad-cam", MethodSpec("grad-cam", "last")),
        ("layer-cam", MethodSpec("layer-cam", "stages")),
        ("grad-cam/stages+lt@50", MethodSpec("grad-cam", "stages", rules=(("lt", 50.0),))),
        ("layer-cam+lt@50", MethodSpec("layer-cam", "stages", rules=(("lt", 50.0),))),
        ("layer-cam+fgbp@50", MethodSpec("layer-cam", "stages", rules=(("fgbp", 50.0),))),
        ("hires-cam/stages+fgbp+lt@50", MethodSpec("hires-cam", "stages", rules=RA_CAM)),
        ("grad-cam/stages+fgbp+lt@50", MethodSpec("grad-cam", "stages", rules=RA_CAM)),
        ("ra-cam/stages=gmean@50", MethodSpec("hires-cam", "stages", "gmean", RA_CAM)),
        (
            "ra-cam/S2-S4=product@80",
            MethodSpec("hires-cam", "S2-S4", "product", (("fgbp", 80.0), ("lt", 80.0))),
        ),
        (
            "ra-cam-pooled/S2-S4=product@80",
            MethodSpec("grad-cam", "S2-S4", "product", (("fgbp", 80.0), ("lt", 80.0))),
        ),
        ("lt-grad-cam@30", MethodSpec("grad-cam", "stages", rules=(("lt", 30.0),))),
        ("grad-cam/layer.features.29", MethodSpec("grad-cam", "layer.features.29")),
        ("grad-cam/convs=tanh", MethodSpec("grad-cam", "convs", "tanh")),
        ("smooth:grad-cam/S3", MethodSpec("grad-cam", "S3", wrapper="smooth")),
        (
            "tunable+lt[count=4,mode=max]",
            MethodSpec("tunable", "S2", rules=(("lt", 50.0),), options=(("count", 4), ("mode", "max"))),
        ),
        ("tuned[flag=True]", MethodSpec("tunable", "S1-S2", "max", (("lt", 50.0),), (("flag", True),))),
        ("tuned/S3=sum@10", MethodSpec("tunable", "S3", "sum", (("lt", 10.0),))),
        ("tunable[ count = 4 , power = 1e3 ]", MethodSpec("tunable", "S2", options=(("count", 4), ("power", 1e3)))),
    ],
)  # fmt: skip
def test_texts_by_hand(text, spec):
    assert parse(text) == spec


@pytest.mark.parametrize(
    ("name", "expansion"),
    [
        ("lt-grad-cam", "grad-cam/stages+lt@50"),
        ("lt-layer-cam", "layer-cam+lt@50"),
        ("ra-cam", "hires-cam/stages+fgbp+lt@50"),
        ("ra-cam-pooled", "grad-cam/stages+fgbp+lt@50"),
    ],
)
def test_an_alias_is_its_expansion_and_the_expansion_is_called_by_the_alias(name, expansion):
    assert parse(name) == parse(expansion)
    assert str(parse(expansion)) == f"{name}@50"


def test_names_are_matched_longest_first():
    plus = parse("grad-cam+++lt")
    assert (plus.name, plus.rules) == ("grad-cam++", (("lt", 50.0),))
    assert parse("grad-cam+lt").name == "grad-cam"
    assert parse("grad-cam++").rules == ()
    assert parse("grad-cam-elementwise").name == "grad-cam-elementwise"
    assert parse("ra-cam-pooled").name == "grad-cam"
    gradient_method("hires-cam+mean", paper="none")(lambda activation, gradient: activation.mean(1))
    assert parse("hires-cam+mean+lt@30").name == "hires-cam+mean"
    assert parse("hires-cam+lt@30").name == "hires-cam"


@pytest.mark.parametrize(
    ("text", "fgbp", "lt"),
    [
        ("hires-cam+fgbp+lt", 50, 50),
        ("hires-cam+fgbp+lt@30", 30, 30),
        ("hires-cam+fgbp@80+lt@30", 80, 30),
        ("hires-cam+fgbp@80+lt", 80, 50),
        ("ra-cam@30", 30, 30),
        ("lt-grad-cam+fgbp", 50, 50),
    ],
)
def test_a_delta_at_the_end_is_that_of_every_rule_that_names_none(text, fgbp, lt):
    assert parse(text).rules == (("fgbp", fgbp), ("lt", lt))


def test_a_delta_at_the_end_reaches_the_rules_of_the_alias_too():
    assert parse("lt-grad-cam+fgbp@30") == parse("grad-cam/stages+lt+fgbp@30")


def test_a_delta_behind_a_rules_own_is_not_lost():
    assert parse("hires-cam+fgbp+lt@30@40").rules == (("fgbp", 40.0), ("lt", 30.0))


def test_rules_act_in_their_own_order_however_they_are_written():
    assert parse("hires-cam+lt@10+fgbp@20") == parse("hires-cam+fgbp@20+lt@10")


def test_an_option_at_its_default_is_no_option():
    assert parse("tunable[count=3,flag=False,power=.5,mode=mean]") == parse("tunable")
    assert parse("tunable[mode=a,count=1]") == parse("tunable[count=1,mode=a]")


def test_layers_of_the_caller_stand_in_where_the_text_names_none():
    assert parse("layer-cam", layers="last") == parse("layer-cam/last")
    assert parse("ra-cam@30", layers="S2") == parse("ra-cam/S2@30")
    assert parse("layer-cam/S1", layers="last") == parse("layer-cam/S1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grad-cma", "no method 'grad-cma'.*did you mean.*grad-cam"),
        ("hirescam", "no method 'hirescam'.*hires-cam"),
        ("", "no method ''"),
        ("grad-cam/stage", "'stage' is no choice of layers.*stages.*S2-S5.*layer.NAME"),
        ("grad-cam/S2-5", "'S2-5' is no choice of layers.*S2-S5"),
        ("grad-cam", "'features.29' is no choice of layers.*layer.NAME"),
        ("grad-cam/stages=prod", "no fusing 'prod'.*did you mean product"),
        ("grad-cam+fgpb", "no rule 'fgpb'.*did you mean fgbp"),
        ("grad-cam+zzz", "no rule 'zzz'.*fgbp, lt"),
        ("grad-cam+lt@101", "percentile from 0 to 100.*'101'"),
        ("grad-cam+lt@-1", "percentile from 0 to 100.*'-1'"),
        ("ra-cam@nan", "percentile from 0 to 100.*'nan'"),
        ("ra-cam@inf", "percentile from 0 to 100.*'inf'"),
        ("grad-cam+lt@half", "percentile from 0 to 100.*'half'"),
        ("grad-cam+lt@", "percentile from 0 to 100.*''"),
        ("grad-cam@50", "δ belongs to a rule.*NAME.lt@50"),
        ("layer-cam/S1@50", "δ belongs to a rule"),
        ("grad-cam+lt+lt", "the rule lt stands twice"),
        ("ra-cam+fgbp", "the rule fgbp stands twice"),
        ("cam+lt", "cam reads no gradient"),
        ("random/S1+fgbp@20", "random reads no gradient"),
        ("tunable[counts=3]", "no option 'counts=3'.*did you mean count"),
        ("tunable[count]", "no option 'count'"),
        ("grad-cam[count=3]", "no option 'count=3'.*corners"),
        ("tunable[count=3.5]", "count is of type int, not '3.5'"),
        ("tunable[power=much]", "power is of type float, not 'much'"),
        ("tunable[flag=1]", "flag is True or False, not '1'"),
        ("smoth:grad-cam", "no wrapper 'smoth'.*did you mean smooth"),
        ("grad-cam/stages=sum rest", "what follows grad-cam cannot be read"),
        ("grad-cam[]rest", "what follows grad-cam cannot be read"),
        ("ra-cam/", "what follows ra-cam cannot be read"),
        ("ra-cam@30+", "what follows ra-cam cannot be read"),
        ("grad-cam rest", "no method 'grad-cam rest'.*grad-cam"),
        ("grad-cam+lt\n", "cannot be read|no method|no rule|percentile"),
    ],
)
def test_a_mistake_is_named_with_what_is_near(text, message):
    layers = "features.29" if "features" in message else None
    with pytest.raises(MethodError, match=f"(?s){message}"):
        parse(text, layers=layers)


def test_a_set_is_the_specs_of_its_names():
    for name, texts in SETS.items():
        chosen = select(name)
        assert chosen
        assert chosen == list(dict.fromkeys(map(parse, texts())))


def test_all_holds_every_method_and_alias_and_ends_with_the_floors():
    chosen = select("all")
    assert {spec.name for spec in chosen} == set(METHODS)
    assert set(map(parse, [*METHODS, *ALIASES, "layer-cam+fgbp"])) <= set(chosen)
    chance = [METHODS[spec.name].chance for spec in chosen]
    assert chance == sorted(chance)
    assert sum(chance) == 3


def test_gradient_holds_every_gradient_weighted_method_and_alias():
    chosen = select("gradient")
    assert {spec.name for spec in chosen} == {n for n, method in METHODS.items() if method.gradient_weighted}
    assert parse("ra-cam") in chosen
    assert parse("cam") not in chosen


def test_paper_holds_the_rows_of_the_papers_that_exist():
    rows = ("grad-cam", "grad-cam++", "xgrad-cam", "layer-cam", "lt-grad-cam", "ra-cam", "layer-cam+fgbp")
    chosen = select("paper")
    assert [spec for spec in chosen if spec in map(parse, rows)] == list(map(parse, rows))
    assert parse("random") not in chosen


def test_what_is_selected_stands_once_in_the_order_given():
    assert select("ra-cam, grad-cam,grad-cam/last , hires-cam/stages+fgbp+lt") == [
        parse("ra-cam"),
        parse("grad-cam"),
    ]
    assert select("random,all")[0] == parse("random")
    assert len(select("random,all")) == len(select("all")) == len(set(select("all")))


def test_commas_between_brackets_do_not_divide():
    text = "tunable[count=4,mode=max],grad-cam,tuned[flag=True,count=2]"
    assert select(text) == [
        parse("tunable[count=4,mode=max]"),
        parse("grad-cam"),
        parse("tuned[flag=True,count=2]"),
    ]


def test_a_mistake_in_a_list_is_named():
    with pytest.raises(MethodError, match="no method 'grad-cma'"):
        select("paper,grad-cma")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grad-cam[percentile=layer]", "percentile is a reading of the rule fgbp or lt; add it"),
        ("grad-cam+fgbp[kept=mean]", "kept is a reading of the rule lt; add it"),
        ("grad-cam+lt[slope=hard]", "slope is a reading of the rule fgbp; add it"),
        ("ra-cam[percentile=image]", "percentile is map or layer, not 'image'"),
        ("ra-cam/stages=gmean[relu=sum]", "relu=sum goes with the fusing sum or minmax only"),
        ("ra-cam[prepared=layer]", "prepared=layer goes with the fusing minmax or tanh only"),
        ("full-grad/S2-S3", "full-grad reads every layer that has a bias; write /convs or nothing"),
    ],
)
def test_a_reading_of_what_is_not_there_is_refused(text, message):
    with pytest.raises(MethodError, match=re.escape(message)):
        parse(text)


def test_a_reading_is_part_of_the_spec():
    spec = parse("ra-cam@30[percentile=layer,slope=hard]")
    assert str(spec) == "ra-cam@30[percentile=layer,slope=hard]"
    assert spec.filter == Filter(30, "layer", "hard")
    assert spec.truncation == Truncation(30, "layer")
    assert spec.reading("relu") == "layer"
    assert parse("lt-grad-cam[kept=value]") == parse("lt-grad-cam")
    assert parse("grad-cam").filter is parse("grad-cam").truncation is None


def test_a_spec_at_another_delta():
    assert str(parse("ra-cam@30").at(70)) == "ra-cam@70"
    assert parse("grad-cam+lt@30[kept=mean]").at(5) == parse("grad-cam+lt@5[kept=mean]")


def test_full_grad_knows_its_layers():
    assert parse("full-grad", layers="stages") == parse("full-grad") == parse("full-grad/convs")
    assert parse(str(parse("full-grad/convs=minmax+lt"))) == parse("lt-full-grad/convs=minmax")


def test_an_option_must_not_have_the_name_of_a_reading():
    with pytest.raises(MethodError, match="the option relu of mine has the name of a reading"):

        @gradient_method("mine", paper="none")
        def mine(activation, gradient, *, relu="layer"):
            return activation.sum(1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("layer-cam", ["stages are summed"]),
        ("layer-cam/stages=tanh", []),
        ("lt-layer-cam", []),
        ("fsg-cam", ["a reading of the title"]),
        ("nff:layer-cam", ["a reading of two sentences", "stages are summed"]),
        ("grad-cam", []),
    ],
)
def test_a_spec_says_where_it_departs_from_its_paper(text, words):
    remark = parse(text).remark
    assert all(one in remark for one in words)
    assert bool(remark) == bool(words)
