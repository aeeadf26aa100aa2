"""What of a sweep over δ is read from texts: the δ, the splits, and the families of methods."""

import pytest

from bench.errors import BenchError
from bench.studies.delta_sweep import by_family, read_deltas, read_splits
from methods import parse, select
from methods.registry import ALIASES


@pytest.mark.parametrize(
    ("text", "deltas"),
    [
        ("0:90:10", (0, 10, 20, 30, 40, 50, 60, 70, 80, 90)),
        ("0:100:50", (0, 50, 100)),
        ("0:0.3:0.1", (0.0, 0.1, 0.2, 0.3)),
        ("50:50:1", (50,)),
        ("90, 0,50,0", (0, 50, 90)),
        ("12.5", (12.5,)),
    ],
)
def test_deltas_are_read_with_both_ends(text, deltas):
    assert read_deltas(text) == deltas


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0:90", "FIRST:LAST:STEP"),
        ("0:90:10:5", "FIRST:LAST:STEP"),
        ("ten", "FIRST:LAST:STEP"),
        ("", "FIRST:LAST:STEP"),
        ("0,,50", "FIRST:LAST:STEP"),
        ("-10,50", "from 0 to 100"),
        ("0:110:10", "from 0 to 100"),
        ("nan", "from 0 to 100"),
        ("0:90:0", "STEP has to be above 0"),
        ("0:90:-10", "STEP has to be above 0"),
        ("0:90:nan", "STEP has to be above 0"),
        ("90:0:10", "LAST not below FIRST"),
        ("0:95:10", "do not meet 95"),
    ],
)
def test_deltas_that_make_no_sense_are_refused(text, words):
    with pytest.raises(BenchError, match=words) as refused:
        read_deltas(text)
    assert str(refused.value).startswith(f"deltas {text}: ")


def test_splits_come_in_the_order_in_which_they_are_drawn():
    assert read_splits("test, train") == ("train", "test")
    assert read_splits("test,val,train,test") == ("train", "val", "test")
    with pytest.raises(BenchError, match="there is no split 'tset'; choose from train, val, test"):
        read_splits("train,tset")


def test_the_text_of_a_family_leaves_every_delta_out_and_stands_for_the_default():
    texts = [*ALIASES, "layer-cam+fgbp", "xgrad-cam/S2-S4=max+fgbp+lt", "lt-grad-cam[percentile=layer]"]
    families = by_family([parse(text).at(30) for text in texts], (0.0, 12.5))
    assert list(families) == texts
    for text, at in families.items():
        assert {delta: str(spec) for delta, spec in at.items()} == {
            delta: str(parse(text).at(delta)) for delta in (0.0, 12.5)
        }


def test_rules_with_different_deltas_are_swept_together():
    (at,) = by_family(select("grad-cam+fgbp@10+lt@90"), (40.0,)).values()
    assert at[40.0].rules == (("fgbp", 40.0), ("lt", 40.0))


def test_a_family_that_is_named_twice_is_swept_once():
    assert list(by_family(select("lt-grad-cam@30,lt-grad-cam@40,grad-cam/stages+lt"), (0.0,))) == ["lt-grad-cam"]
