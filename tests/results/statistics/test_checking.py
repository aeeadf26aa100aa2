"""A run beside its baseline: what is refused, what is worse, what is harmless."""

import random

import pytest

from results.errors import ResultError
from results.metrics.thresholds import parse_policy
from results.statistics.checking import check, differences
from tests.helpers.compared_runs import CLASSIFIER, cells_of, hits, run
from tests.helpers.small_runs import cell

HALF = parse_policy("fixed:0.5")
GOOD = hits(12)
LISTED = [*cells_of("grad-cam", GOOD), *cells_of("random", [5] * 12), *cells_of("ra-cam@50", [hit + 5 for hit in GOOD])]


def checked(one, other, tolerance=0.005, **options):
    return check(one, other, HALF, tolerance, **{"exact": False, "force": False} | options)


def test_a_run_is_as_good_as_itself(tmp_path):
    one = run(tmp_path, LISTED)
    found = checked(one, one, exact=True)
    assert found.passed
    assert [row.method for row in found.comparisons] == ["grad-cam", "random", "ra-cam@50"]
    assert {row.verdict for row in found.comparisons} == {"equal"}
    assert [(one.cells, one.of) for one in found.changed] == [(0, 12)] * 3
    assert found.only_run == found.only_baseline == ()


def test_a_method_that_got_worse_is_found_and_no_other_one(tmp_path):
    worse = [*cells_of("grad-cam", [hit - 8 for hit in GOOD]), *LISTED[12:]]
    found = checked(run(tmp_path / "run", worse), run(tmp_path / "base", LISTED))
    assert not found.passed
    assert [row.verdict for row in found.comparisons] == ["worse", "equal", "equal"]
    back = checked(run(tmp_path / "base", LISTED), run(tmp_path / "run", worse))
    assert back.passed
    assert back.comparisons[0].verdict == "better"


def test_cells_in_another_order_and_in_other_parts_are_the_same(tmp_path):
    shuffled = random.Random(1).sample(LISTED, len(LISTED))
    found = checked(run(tmp_path / "run", shuffled[:5], shuffled[5:]), run(tmp_path / "base", LISTED), exact=True)
    assert found.passed
    assert sum(one.cells for one in found.changed) == 0


def test_a_pixel_at_another_level_is_harmless_unless_the_check_is_exact(tmp_path):
    moved = cell("00/0", "grad-cam", defect={255: GOOD[0], 0: 99 - GOOD[0], 1: 1}, other={255: 50, 0: 850})
    one, base = run(tmp_path / "run", [moved, *LISTED[1:]]), run(tmp_path / "base", LISTED)
    assert checked(one, base).passed
    found = checked(one, base, exact=True)
    assert not found.passed
    assert [one.cells for one in found.changed] == [1, 0, 0]


def test_a_method_that_has_no_answer_any_more_is_worse(tmp_path):
    lost = run(tmp_path / "run", [*cells_of("grad-cam", GOOD, status="not applicable"), *LISTED[12:]])
    base = run(tmp_path / "base", LISTED)
    assert [row.verdict for row in checked(lost, base).comparisons] == ["worse", "equal", "equal"]
    assert [row.method for row in checked(lost, lost).comparisons] == ["random", "ra-cam@50"]


def test_a_status_that_changed_is_a_change(tmp_path):
    one = run(tmp_path / "run", [*cells_of("grad-cam", GOOD[:1], status="constant"), *LISTED[1:]])
    assert [one.cells for one in checked(one, run(tmp_path / "base", LISTED), exact=True).changed] == [1, 0, 0]


def test_cells_that_only_one_run_has_are_told_apart(tmp_path):
    one = run(tmp_path / "run", [*LISTED[2:12], *cells_of("new", GOOD)])
    found = checked(one, run(tmp_path / "base", LISTED[:24]))
    assert [(row.method, row.cells, row.whole) for row in found.only_run] == [("new", 12, True)]
    left = [(row.method, row.cells, row.whole) for row in found.only_baseline]
    assert left == [("grad-cam", 2, False), ("random", 12, True)]
    assert [(row.method, row.images, row.left_out) for row in found.comparisons] == [("grad-cam", 10, 2)]


OTHER = {"one.safetensors": CLASSIFIER | {"fingerprint": "c1"}}
SPLIT = {"one.safetensors": CLASSIFIER | {"split_fingerprint": "s1"}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset_fingerprint": "d1"}, r"dataset_fingerprint \(d1 and d0\)"),
        ({"classifiers": OTHER}, r"fingerprint of one\.safetensors \(c1 and c0\)"),
        ({"classifiers": SPLIT}, r"split_fingerprint of one\.safetensors"),
        ({"classifiers": {"two.safetensors": CLASSIFIER}}, r"classifiers \(two\.safetensors and one\.safetensors\)"),
        ({"target": "label"}, "target"),
        ({"evaluate_at": "original"}, "evaluate_at"),
        ({"size": [64, 32]}, "size \\(64x32 and 128x128\\)"),
        ({"recipe": {"epochs": 2}}, r"recipe \(epochs=2 and epochs=1\)"),
    ],
)
def test_runs_that_may_not_be_compared_are_refused_unless_that_is_forced(tmp_path, changes, words):
    one, base = run(tmp_path / "run", LISTED, **changes), run(tmp_path / "base", LISTED)
    with pytest.raises(ResultError, match=words):
        checked(one, base)
    forced = checked(one, base, force=True)
    assert len(forced.forced) == 1
    assert forced.passed


def test_another_schema_is_refused(tmp_path):
    base = run(tmp_path / "base", LISTED)
    path = tmp_path / "base" / "manifest.json"
    path.write_text(path.read_text().replace('"schema_version": ', '"schema_version": 9'))
    with pytest.raises(ResultError, match="schema 9"):
        checked(run(tmp_path / "run", LISTED), base, force=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "cuda:0"}, r"device \(cuda and cpu\)"),
        ({"versions": {"python": "3.11.7", "cam-bench": "0.1.0", "torch": "2.16.0"}}, "version of torch"),
    ],
)
def test_bits_are_compared_on_the_same_device_and_versions_only(tmp_path, changes, words):
    one, base = run(tmp_path / "run", LISTED, **changes), run(tmp_path / "base", LISTED)
    assert checked(one, base).passed
    with pytest.raises(ResultError, match=words):
        checked(one, base, exact=True)


def test_another_release_and_other_code_may_be_compared_bit_for_bit(tmp_path):
    base = run(tmp_path / "base", LISTED, code="old")
    newer = {"python": "3.11.7", "cam-bench": "0.2.0", "torch": "2.15.0"}
    one = run(tmp_path / "run", LISTED, versions=newer, code="new", commit="other")
    assert checked(one, base, exact=True).passed
    assert differences(one.manifest(), base.manifest(), exact=True) == []


def test_runs_of_other_seeds_share_those_that_both_have(tmp_path):
    both = [*cells_of("grad-cam", GOOD), *cells_of("grad-cam", GOOD[::-1], seed=1)]
    found = checked(run(tmp_path / "run", both, seeds=2), run(tmp_path / "base", LISTED))
    assert len(found.comparisons[0].by_seed) == 1
    assert [(row.method, row.cells) for row in found.only_run] == [("grad-cam", 12)]


def test_runs_that_share_nothing_are_refused(tmp_path):
    with pytest.raises(ResultError, match="share no method"):
        checked(run(tmp_path / "run", cells_of("new", GOOD)), run(tmp_path / "base", LISTED))
