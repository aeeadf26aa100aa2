"""The factorial set: every combination of weighting, layers, rules and fusing, each once."""

from itertools import product

from methods import METHODS
from methods.registry import ALIASES
from methods.sets import SETS, select
from methods.spec import DEFAULT_DELTA, MethodSpec

RULES = ((), ("lt",), ("fgbp",), ("fgbp", "lt"))
PLACES = (("last", "sum"), ("stages", "sum"), ("stages", "minmax"))


def test_factorial_is_the_full_product_where_one_layer_stands_for_all_fusing():
    expected = {
        MethodSpec(name, layers, fuse, tuple((rule, 50.0) for rule in rules))
        for name, (layers, fuse), rules in product(("grad-cam", "layer-cam", "hires-cam"), PLACES, RULES)
    }
    chosen = select("factorial")
    assert len(chosen) == len(expected) == 36
    assert set(chosen) == expected
    assert DEFAULT_DELTA == 50


def test_each_has_the_short_text_that_other_sets_use():
    texts = [str(spec) for spec in select("factorial")]
    assert texts[:4] == ["grad-cam", "grad-cam+lt@50", "grad-cam+fgbp@50", "grad-cam+fgbp@50+lt@50"]
    assert {"lt-grad-cam@50", "lt-layer-cam@50", "ra-cam@50", "ra-cam-pooled@50", "layer-cam+fgbp@50"} <= set(texts)
    assert {"layer-cam", "layer-cam/last", "hires-cam/stages=minmax+fgbp@50+lt@50"} <= set(texts)
    assert len(set(texts)) == 36


def test_factorial_joins_other_specs():
    assert len(select("factorial,ra-cam,grad-cam,ra-cam@30")) == 37


def test_everything_is_every_method_of_ours_and_of_the_libraries():
    assert select("everything") == [*select("all"), *select("references")]
    assert {spec.name for spec in select("everything")} >= {"grad-cam", "score-cam", "pgc:GradCAM", "captum:Saliency"}


def test_layer_cam_stands_there_as_its_own_paper_joins_stages_too():
    for name in ("all", "paper"):
        texts = [str(spec) for spec in select(name)]
        assert {"layer-cam", "layer-cam/stages=tanh"} <= set(texts)


def test_no_set_hides_a_method():
    assert not SETS.keys() & {*METHODS, *ALIASES}
