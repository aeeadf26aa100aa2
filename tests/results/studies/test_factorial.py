"""Full products are found among the methods of a run, exactly and whatever else is there."""

import random
from itertools import chain, combinations, product

import numpy as np
import pandas as pd
import pytest

from results.studies.factorial import fused, largest_factorial

ONE_LAYER = {"last", "S3", "layer.features.3"}


def method(name="grad-cam", layers="stages", fuse="sum", rules=(), delta=50.0, **fields):
    """Return the fields of a method; its text is made of all of them."""
    known = {
        "name": name, "layers": layers, "fuse": fuse, "chance": False, "options": "{}", "wrapper": "", "status": "ok",
        "rules": [{"rule": rule, "delta": delta} for rule in rules],
    } | fields  # fmt: skip
    return known | {"spec": " ".join(map(str, known.values()))}


def largest(*methods):
    return largest_factorial(pd.DataFrame(methods))


def names(*methods):
    return {one["spec"] for one in methods}


PLAIN, LT, FGBP, BOTH = (), ("lt",), ("fgbp",), ("fgbp", "lt")
SQUARE = [method(name, rules=rules) for name in ("hires-cam", "grad-cam") for rules in (LT, PLAIN)]


def test_a_square_is_found_with_the_baseline_first_in_each_factor():
    found = largest(*SQUARE)
    assert found.varied == {"rule": ("plain", "+lt"), "weighting": ("grad-cam", "hires-cam")}
    assert set(found.specs) == names(*SQUARE)
    assert found.delta == 50
    assert found.combinations["+lt", "stages", "hires-cam", "sum"] == SQUARE[0]["spec"]


def test_where_no_method_can_be_part_of_a_product_there_is_none():
    assert largest(method(wrapper="sess"), method(chance=True), method(status="not applicable")) is None


def test_what_is_no_part_of_the_product_is_left_out():
    others = [method("layer-cam"), method("grad-cam", rules=BOTH), method("hires-cam", "last")]
    assert set(largest(*others, *SQUARE).specs) == names(*SQUARE)


@pytest.mark.parametrize("missing", range(4))
def test_without_one_corner_there_is_no_product(missing):
    assert largest(*(one for number, one in enumerate(SQUARE) if number != missing)) is None


def test_of_equally_large_products_the_first_by_name_is_taken():
    squares = [
        [method(name + number, f"S{number}-S9", rules=rules) for name in "xy" for rules in (PLAIN, LT)]
        for number in "4715362"
    ]
    assert set(largest(*chain.from_iterable(squares)).specs) == names(*squares[2])


def test_several_levels_of_one_factor_are_no_product():
    assert largest(*(method(rules=rules) for rules in (PLAIN, LT, FGBP, BOTH))) is None
    assert largest(method()) is None


@pytest.mark.parametrize(
    "fields",
    [{"chance": True}, {"options": '{"slope": "hard"}'}, {"wrapper": "smooth"}, {"status": "not applicable"}],
)
def test_chance_options_wrappers_and_what_has_no_answer_are_in_no_product(fields):
    assert largest(*SQUARE[:3], method("grad-cam", rules=PLAIN, **fields)) is None


def test_a_method_that_failed_stays():
    assert largest(*SQUARE[:3], method("grad-cam", rules=PLAIN, status="failed"))


def test_rules_of_a_product_share_one_delta():
    here, there = (
        [method(name, rules=LT, delta=delta) for name in ("hires-cam", "grad-cam")] for delta in (50.0, 30.0)
    )
    plain = [method(name) for name in ("hires-cam", "grad-cam")]
    assert largest(*here, *there) is None
    assert largest(here[0], there[1], *plain) is None
    found = largest(
        *here, *there, *plain, *(method(name, rules=FGBP, delta=30.0) for name in ("hires-cam", "grad-cam"))
    )
    assert found.delta == 30
    assert found.levels[0] == ("plain", "+lt", "+fgbp")


def test_two_deltas_in_one_method_are_no_equal_deltas():
    mixed = [{"rule": "fgbp", "delta": 30.0}, {"rule": "lt", "delta": 50.0}]
    corners = [method(name) for name in ("a", "b")] + [
        method(name, rules=BOTH) | {"rules": mixed} for name in ("a", "b")
    ]
    assert largest(*corners) is None


def test_a_product_without_rules_has_no_delta():
    square = [method(name, layers) for name in ("a", "b") for layers in ("last", "stages")]
    found = largest(*square, method("c", rules=LT))
    assert found.delta is None
    assert found.varied == {"layers": ("last", "stages"), "weighting": ("a", "b")}


@pytest.mark.parametrize("single", sorted(ONE_LAYER))
def test_a_single_layer_stands_for_every_way_of_fusing(single):
    places = [(single, "sum"), ("stages", "minmax"), ("stages", "sum"), ("stages", "max")]
    found = largest(*(method(name, *place) for name in ("a", "b") for place in places))
    assert found.levels[-1] == ("sum", "minmax", "max")
    assert found.levels[1] == (single, "stages")
    assert len(found.combinations) == 12
    assert len(found.specs) == 8
    assert len({found.combinations["plain", single, "a", fuse] for fuse in found.levels[-1]}) == 1


def test_single_layers_alone_are_fused_in_no_way():
    layers = [method(name, one) for name in ("a", "b") for one in ("last", "S2")]
    for others in ([], [method("c"), method("c", fuse="minmax")]):
        assert largest(*layers, *others).varied == {"layers": ("last", "S2"), "weighting": ("a", "b")}
    # Of two "ways" of fusing one layer only one is there, so that this is no product of two factors.
    assert largest(*(method(name, "last") for name in "ab"), method("c"), method("c", fuse="minmax")) is None


def test_weights_are_those_of_a_balanced_mean():
    places = [("last", "sum"), ("stages", "sum"), ("stages", "minmax")]
    found = largest(*(method(name, *place) for name in ("a", "b") for place in places))

    def weights(**chosen):
        known = zip(found.specs, found.weights(chosen), strict=True)
        return {" ".join(spec.split()[:3]): weight for spec, weight in known if weight}

    assert weights(weighting="a") == {"a last sum": 1 / 2, "a stages sum": 1 / 4, "a stages minmax": 1 / 4}
    assert weights(layers="stages") == {
        "a stages sum": 1 / 4, "a stages minmax": 1 / 4, "b stages sum": 1 / 4, "b stages minmax": 1 / 4,
    }  # fmt: skip
    assert weights(fuse="sum") == {"a stages sum": 1 / 2, "b stages sum": 1 / 2}
    assert weights(fuse="minmax", weighting="b") == {"b stages minmax": 1}
    assert np.isnan(found.weights({"fuse": "sum", "layers": "last"})).all()


def slow_largest(methods):
    """Return the number of methods in the largest product: every choice of levels is tried."""
    ways = {one["fuse"] for one in methods if one["layers"] not in ONE_LAYER}
    known = {}
    for one in methods:
        rule = tuple(each["rule"] for each in one["rules"])
        for fuse in ways if one["layers"] in ONE_LAYER and ways else {one["fuse"]}:
            known[rule, one["layers"], one["name"], fuse] = one["spec"]
    choices = []
    for number in range(4):
        levels = sorted({key[number] for key in known})
        choices.append(list(chain.from_iterable(combinations(levels, size) for size in range(1, len(levels) + 1))))
    best = 0
    for box in product(*choices):
        if not all(corner in known for corner in product(*box)):
            continue
        varied = [len(levels) > 1 for levels in box]
        if all(layers in ONE_LAYER for layers in box[1]):
            varied[3] = False
        if sum(varied) > 1:
            best = max(best, len({known[corner] for corner in product(*box)}))
    return best


@pytest.mark.parametrize("seed", range(30))
def test_no_product_is_larger(seed):
    draw = random.Random(seed)
    every = [
        method(name, layers, fuse, rules)
        for name, layers, fuse, rules in product("abc", ("last", "stages", "S2-S4"), ("sum", "max"), (PLAIN, LT, BOTH))
        if layers != "last" or fuse == "sum"
    ]
    some = draw.sample(every, draw.randint(6, len(every)))
    found = largest(*some)
    assert (len(found.specs) if found else 0) == slow_largest(some)
    draw.shuffle(some)
    again = largest(*some)
    assert (found and set(found.specs)) == (again and set(again.specs))


@pytest.mark.parametrize("layers", ["last", "S3", "layer.features.3", "stages", "convs", "S2-S5"])
def test_what_joins_several_layers(layers):
    assert fused(("plain", layers, "grad-cam", "sum")) == (layers in {"stages", "convs", "S2-S5"})
