"""Registering methods and aliases."""

import pytest

from methods import METHODS, MethodError, alias, evidence_method, gradient_method, parse
from methods.registry import ALIASES, names


def nothing(activation, gradient, *, power=2.0, mode="a"):
    return activation.sum(1)


def test_a_registered_function_is_given_back_as_it_was():
    assert gradient_method("mine", paper="none")(nothing) is nothing
    assert METHODS["mine"].compute is nothing


def test_a_method_is_what_its_decorator_says():
    gradient_method("mine", layers="stages", paper="ours, eq. 1")(nothing)
    evidence_method("floor", paper="none", chance=True)(lambda view: view.input[:, 0])
    mine, floor = METHODS["mine"], METHODS["floor"]
    assert (mine.name, mine.layers, mine.paper) == ("mine", "stages", "ours, eq. 1")
    assert mine.gradient_weighted
    assert not mine.chance
    assert floor.chance
    assert not floor.gradient_weighted
    assert floor.layers == "last"


def test_options_are_the_keyword_only_parameters():
    gradient_method("mine", paper="none")(nothing)
    assert METHODS["mine"].options == {"power": 2.0, "mode": "a"}


def test_names_are_methods_then_aliases():
    assert names() == [*METHODS, *ALIASES]
    gradient_method("mine", paper="none")(nothing)
    alias("yours", "mine+lt")
    assert names()[-1] == "yours"
    assert names().index("mine") < names().index("ra-cam")
    assert parse("yours@30") == parse("mine+lt@30")


@pytest.mark.parametrize("name", ["grad-cam", "ra-cam"])
@pytest.mark.parametrize(
    "register",
    [
        lambda name: gradient_method(name, paper="none")(nothing),
        lambda name: evidence_method(name, paper="none")(nothing),
        lambda name: alias(name, "layer-cam"),
    ],
    ids=["gradient method", "evidence method", "alias"],
)
def test_a_name_is_given_once(register, name):
    before = METHODS.get(name), ALIASES.get(name)
    with pytest.raises(MethodError, match=rf"a method called '{name}' already.*another name"):
        register(name)
    assert (METHODS.get(name), ALIASES.get(name)) == before


@pytest.mark.parametrize("name", ["", "a/b", "a@b", "a[b", "a]b", "a=b", "a,b", "a:b", "a b"])
def test_a_name_cannot_be_mistaken_for_another_part_of_a_spec(name):
    with pytest.raises(MethodError, match="belong to specs"):
        gradient_method(name, paper="none")(nothing)
    with pytest.raises(MethodError, match="belong to specs"):
        alias(name, "grad-cam")


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_names_its_source_and_says_what_it_computes(name):
    assert METHODS[name].paper
    assert METHODS[name].compute.__doc__


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_every_alias_names_its_source_and_can_be_read(name):
    assert parse(name) == parse(ALIASES[name].spec)
    assert ALIASES[name].paper


@pytest.mark.parametrize("declare", ["lambda a, g, *, k: a", "lambda a, g, *, k=None: a"])
def test_an_option_needs_a_default_that_a_spec_can_write(declare):
    with pytest.raises(MethodError, match="the option k of vague needs a default"):
        gradient_method("vague", paper="none")(eval(declare))
