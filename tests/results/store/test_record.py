"""Records: a field that is added changes no name."""

from typing import ClassVar

import pytest
from pydantic import ValidationError

from results.store.record import Record


class Inner(Record):
    FIRST: ClassVar = frozenset({"epochs"})

    epochs: int = 6


class Outer(Record):
    inner: Inner
    seed: int


class LaterInner(Inner):
    enhance: tuple[str, ...] = ()


class LaterOuter(Outer):
    inner: LaterInner
    note: str = ""


def test_first_fields_are_named_even_at_their_defaults():
    assert Outer(inner=Inner(), seed=0).named() == {"inner": {"epochs": 6}, "seed": 0}


def test_later_fields_are_named_once_they_differ_from_their_defaults():
    assert LaterOuter(inner=LaterInner(), seed=0).named() == {"inner": {"epochs": 6}, "seed": 0}
    inner = LaterInner(enhance=("crops",))
    assert LaterOuter(inner=inner, seed=0).named()["inner"] == {"epochs": 6, "enhance": ["crops"]}
    assert LaterOuter(inner=LaterInner(), seed=0, note="x").named()["note"] == "x"


def test_the_text_of_a_digest_is_the_same_before_and_after_fields_were_added():
    before = Outer(inner=Inner(epochs=2), seed=1).named_json()
    assert before == '{"inner":{"epochs":2},"seed":1}'
    assert LaterOuter(inner=LaterInner(epochs=2), seed=1).named_json() == before


def test_an_older_record_has_the_defaults_of_later_fields():
    older = Outer(inner=Inner(), seed=0).model_dump_json()
    assert LaterOuter.model_validate_json(older) == LaterOuter(inner=LaterInner(), seed=0)


def test_a_record_is_frozen_and_refuses_fields_that_it_does_not_have():
    with pytest.raises(ValidationError):
        Inner().epochs = 3
    with pytest.raises(ValidationError, match="mood"):
        Inner(mood="good")
