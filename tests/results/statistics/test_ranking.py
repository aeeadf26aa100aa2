"""Several settings: which runs are one, whether rankings agree, and which ranks differ."""

import numpy as np
import pytest

from results.errors import ResultError
from results.metrics.thresholds import parse_policy
from results.statistics.ranking import (
    against,
    agreements,
    by_classifier,
    common,
    compared_settings,
    critical_difference,
    duels,
    item_ious,
    mean_ranks,
)
from tests.helpers.compared_runs import CLASSIFIER, cells_of, hits, run

HALF = parse_policy("fixed:0.5")
LEVELS = {"a": 30, "b": 45, "c": 60, "random": 5}


def listed(levels=LEVELS, items=10, **fields):
    return [
        one for name, level in levels.items() for one in cells_of(name, [level + k for k in range(items)], **fields)
    ]


def test_runs_of_the_same_data_and_classifiers_are_one_setting(tmp_path):
    one = run(tmp_path / "one", listed())
    two = run(tmp_path / "two", cells_of("new", hits(10)), cells_of("c", [60 + k for k in range(10)]))
    other = run(tmp_path / "other", listed({"c": 20, "a": 50}), dataset="elsewhere")
    found = compared_settings([one, two, other], HALF)
    assert [setting.name for setting in found] == ["synthetic, vgg-small fc", "elsewhere, vgg-small fc"]
    assert list(found[0].methods) == ["a", "b", "c", "random", "new"]
    assert found[0].chance == {"random"}
    assert common(found) == ["a", "c"]


def test_two_runs_that_disagree_on_a_method_are_for_check(tmp_path):
    one, two = run(tmp_path / "one", listed()), run(tmp_path / "two", cells_of("c", [59] * 10))
    with pytest.raises(ResultError, match="has other results of c than the runs before it"):
        compared_settings([one, two], HALF)


def test_two_runs_of_one_name_that_may_not_be_compared_are_refused(tmp_path):
    one, two = run(tmp_path / "one", listed()), run(tmp_path / "two", listed(), dataset_fingerprint="d1")
    with pytest.raises(ResultError, match="another run of synthetic, vgg-small fc"):
        compared_settings([one, two], HALF)


def test_each_method_is_compared_with_the_reference_or_with_all(tmp_path):
    (found,) = compared_settings([run(tmp_path, listed())], HALF)
    rows = against(found, "b")
    assert [(row.method, row.verdict) for row in rows] == [("a", "worse"), ("c", "better"), ("random", "worse")]
    assert {row.p for row in rows} == {3 * 2 / 2**10}
    pairs = against(found, "b", all_pairs=True)
    assert len(pairs) == 6
    assert {row.p for row in pairs} == {6 * 2 / 2**10}
    assert [(row.method, row.p) for row in duels(found, ["c"], "b")] == [("c", 2 / 2**10)]
    with pytest.raises(ResultError, match="has no nothing, or it is not applicable"):
        against(found, "nothing")


def slow_w(scores):
    """Kendall's W by its formula, without ties."""
    raters, methods = scores.shape
    sums = [sum(sorted(row).index(value) + 1 for row, value in zip(scores, column, strict=True)) for column in scores.T]
    mean = sum(sums) / methods
    return 12 * sum((one - mean) ** 2 for one in sums) / (raters**2 * (methods**3 - methods))


def test_agreement_over_folds_and_seeds_is_kendalls_w(tmp_path):
    order = ({"a": 30, "b": 45, "c": 60}, {"a": 30, "b": 60, "c": 45}, {"a": 45, "b": 30, "c": 60})
    parts = [
        listed(levels | {"random": 5}, items=3, fold=fold, seed=seed)
        for fold, levels in enumerate(order) for seed in (0, 1)
    ]  # fmt: skip
    (found,) = compared_settings([run(tmp_path, *parts, folds=3, seeds=2)], HALF)
    folds, seeds = agreements([found])
    expected = slow_w(np.array([list(levels.values()) for levels in order]))
    assert (folds.over, folds.rankings, folds.methods) == ("folds", 3, 3)
    assert folds.w == pytest.approx(expected)
    assert (seeds.over, seeds.rankings, seeds.w) == ("seeds", 2, pytest.approx(1))


def test_agreement_over_classifiers_and_datasets(tmp_path):
    gap = {"name": "vgg-small", "head": "gap", "activation": "relu", "classes": 2}
    turned = {"a": 60, "b": 45, "c": 30, "random": 5}
    runs = [
        run(tmp_path / "one", listed()),
        run(tmp_path / "two", listed(turned), network=gap, classifiers={"gap.safetensors": CLASSIFIER}),
        run(tmp_path / "three", listed(), dataset="elsewhere"),
    ]
    found = {(one.over, one.within): one.w for one in agreements(compared_settings(runs, HALF))}
    assert found == {("classifiers", "synthetic"): pytest.approx(0), ("datasets", "vgg-small fc"): pytest.approx(1)}


def test_ranks_and_their_critical_difference():
    scores = np.array([[0.9, 0.5, 0.5, 0.1], [0.1, 0.2, 0.3, 0.4]])
    assert mean_ranks(scores).tolist() == [2.5, 2.75, 2.25, 2.5]
    # Demšar (2006), table 5: q = 2.569 for four methods.
    assert critical_difference(4, 14) == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), rel=1e-3)


def test_scores_by_item_and_by_classifier(tmp_path):
    (found,) = compared_settings(
        [run(tmp_path, listed({"a": 30, "c": 60}, items=2), listed({"a": 50, "c": 10}, 1, fold=1))], HALF
    )
    first, second = (30 + 50) / (2 * 150), 31 / 150
    assert item_ious([found])[:, 0] == pytest.approx([first, second])
    scores = by_classifier(found, ["c", "a"])
    assert scores.index.tolist() == [(0, 0), (1, 0)]
    assert scores["a"].tolist() == pytest.approx([61 / 300, 50 / 150])
