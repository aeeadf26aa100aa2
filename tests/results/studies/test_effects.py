"""Main effects: against plain loops, and on designs whose effects are known by construction."""

import random
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from results.metrics.scoring import score_rows
from results.metrics.thresholds import parse_policy
from results.statistics import bootstrap
from results.studies.effects import effects
from tests.helpers.small_runs import cell, cells

HALF = parse_policy("fixed:0.5")
RULES = {"plain": (), "+lt": ("lt",), "+fgbp": ("fgbp",), "+fgbp+lt": ("fgbp", "lt")}
PLACES = (("last", "sum"), ("stages", "sum"), ("stages", "minmax"))
NAMES = ("grad-cam", "layer-cam", "hires-cam")


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(bootstrap, "RESAMPLES", 200)


def spec_of(rule, layers, name, fuse):
    return f"{name}/{layers}={fuse}{rule}"


def measured(image, rule, layers, name, fuse, tp, *, defect=100, fp=0, **fields):
    """Return the cell of a method that marks `tp` of the `defect` pixels of an image, and `fp` beside them."""
    found = {255: tp, 0: defect - tp} if defect else {}
    return cell(
        image, spec_of(rule, layers, name, fuse), defect=found, other={255: fp, 0: 900 - fp}, name=name, layers=layers,
        fuse=fuse, rules=[{"rule": one, "delta": 50.0} for one in RULES[rule]], **fields,
    )  # fmt: skip


def design(images, tp, rules=RULES, names=NAMES, places=PLACES, **fields):
    """Return a full product, `tp` a function of (image, rule, layers, name, fuse)."""
    return [
        measured(image, rule, layers, name, fuse, tp(image, rule, layers, name, fuse), **fields)
        for image in images
        for name in names
        for layers, fuse in places
        for rule in rules
    ]


RULE = {"plain": 0, "+lt": 2, "+fgbp": -3, "+fgbp+lt": 7}
NAME = {"grad-cam": 0, "layer-cam": 5, "hires-cam": 11}


def additive(image, rule, layers, name, fuse):
    """Count pixels so that the IoU in percent is a sum of what each part adds."""
    several = 0 if layers == "last" else 8 + (6 if fuse == "minmax" else 0)
    return 30 + RULE[rule] + NAME[name] + several


def by_level(found):
    return {(row.factor, row.level): row for row in found.rows}


def test_effects_that_add_up_are_found_exactly(tmp_path):
    found = effects(cells(tmp_path, design(["a/0", "b/0", "c/0"], additive)), HALF)
    rows = by_level(found)
    percent = {key: row.difference and round(100 * row.difference, 9) for key, row in rows.items()}
    assert percent == {
        ("rule", "plain"): None, ("rule", "+lt"): 2, ("rule", "+fgbp"): -3, ("rule", "+fgbp+lt"): 7,
        ("layers", "last"): None, ("layers", "stages"): 11,
        ("weighting", "grad-cam"): None, ("weighting", "layer-cam"): 5, ("weighting", "hires-cam"): 11,
        ("fuse", "sum"): None, ("fuse", "minmax"): 6,
    }  # fmt: skip
    # A quarter of the rules' sum, half of the layers' and a third of the weightings' are in every mean.
    assert rows["layers", "last"].iou == pytest.approx((30 + 6 / 4 + 16 / 3) / 100)
    assert rows["fuse", "sum"].iou == pytest.approx((30 + 6 / 4 + 16 / 3 + 8) / 100)
    assert rows["rule", "plain"].iou == pytest.approx((30 + 11 / 2 + 16 / 3) / 100)
    assert found.interaction.value == pytest.approx(0, abs=1e-9)
    assert (found.delta, found.items, len(found.combinations)) == (50, 3, 48)


def test_items_that_are_equal_leave_no_doubt(tmp_path):
    found = effects(cells(tmp_path, design(["a/0", "b/0", "c/0"], additive)), HALF)
    for row in found.rows:
        assert row.interval == (None if row.difference is None else (row.difference, row.difference))


def test_levels_that_are_equal_differ_by_nothing(tmp_path):
    items = {"a/0": 41, "b/0": 13, "c/0": 77, "d/0": 5}
    found = effects(cells(tmp_path, design(items, lambda image, *_: items[image])), HALF)
    assert {row.difference for row in found.rows} == {None, 0}
    assert {row.interval for row in found.rows} == {None, (0, 0)}


def test_the_largest_interaction_is_named(tmp_path):
    def bumped(image, rule, layers, name, fuse):
        return additive(image, rule, layers, name, fuse) + 20 * (rule == "+fgbp" and name == "hires-cam")

    found = effects(cells(tmp_path, design(["a/0", "b/0"], bumped)), HALF).interaction
    assert found.levels == {"rule": "+fgbp", "weighting": "hires-cam"}
    assert found.value == pytest.approx(0.2)


def test_an_interaction_with_fusing_is_taken_within_several_layers(tmp_path):
    def bumped(image, rule, layers, name, fuse):
        return additive(image, rule, layers, name, fuse) - 20 * (rule == "+lt" and fuse == "minmax")

    found = effects(cells(tmp_path, design(["a/0", "b/0"], bumped)), HALF).interaction
    assert found.levels == {"rule": "+lt", "fuse": "minmax"}
    assert found.value == pytest.approx(-0.2)


def test_a_single_layer_does_not_interact_with_fusing(tmp_path):
    found = effects(cells(tmp_path, design(["a/0", "b/0"], additive, names=["grad-cam"], rules=["plain"])), HALF)
    assert [(row.factor, row.level) for row in found.rows] == [
        ("layers", "last"), ("layers", "stages"), ("fuse", "sum"), ("fuse", "minmax"),
    ]  # fmt: skip
    assert found.interaction is None
    assert found.delta is None


def noisy(start, images, seeds=(0,), **options):
    """Return a full product with counts at random."""
    draw = random.Random(start)
    return [
        one
        for number in seeds
        for one in design(images, lambda *_: draw.randint(0, 100), fp=draw.randint(0, 60), seed=number, **options)
    ]


SMALL = {"names": NAMES[:2], "rules": ("plain", "+lt")}
IMAGES = ["a/0", "a/1", "b/0", "c/0", "d/0", "d/1", "e/0"]


def slow_counts(found):
    """Return {(spec, seed, item): [tp, fp, fn]}, level by level."""
    counts = {}
    for one in found:
        own = counts.setdefault((one.spec, one.seed, one.group), [0, 0, 0])
        if one.label == "good":
            continue
        for level, (on_defect, beside) in enumerate(zip(one.defect.tolist(), one.other.tolist(), strict=True)):
            marked = level > 127 and one.status == "ok"
            own[0] += on_defect if marked else 0
            own[1] += beside if marked else 0
            own[2] += 0 if marked else on_defect
    return counts


def slow_mean(counts, drawn, chosen):
    """Return the mean IoU of the combinations with the chosen (place, level) pairs, one after the other."""
    total = []
    for key in product(RULES, ("last", "stages"), NAMES, ("sum", "minmax")):
        rule, layers, name, fuse = key
        if any(key[place] != level or (place == 3 and layers == "last") for place, level in chosen):
            continue
        text = spec_of(rule, layers, name, "sum" if layers == "last" else fuse)
        by_seed = []
        for seed in sorted({seed for _, seed, _ in counts}):
            tp, fp, fn = (sum(counts[text, seed, item][number] for item in drawn) for number in range(3))
            by_seed.append(tp / (tp + fp + fn))
        total.append(sum(by_seed) / len(by_seed))
    return sum(total) / len(total)


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_means_are_those_of_plain_loops(tmp_path, seeds):
    listed = noisy(1, IMAGES, seeds)
    listed[5] = replace(listed[5], status="failed", reason="why")
    counts = slow_counts(listed)
    found = effects(cells(tmp_path, listed), HALF)
    items = list("abcde")
    for row in found.rows:
        place = ("rule", "layers", "weighting", "fuse").index(row.factor)
        assert row.iou == pytest.approx(slow_mean(counts, items, [(place, row.level)]))
    rows = by_level(found)
    assert rows["fuse", "minmax"].difference == pytest.approx(rows["fuse", "minmax"].iou - rows["fuse", "sum"].iou)
    (one, its_level), (other, other_level) = found.interaction.levels.items()
    places = [("rule", "layers", "weighting", "fuse").index(factor) for factor in (one, other)]
    first = {"rule": "plain", "layers": "last", "weighting": "grad-cam", "fuse": "sum"}
    corners = [
        slow_mean(counts, items, list(zip(places, pair, strict=True)))
        for pair in product((its_level, first[one]), (other_level, first[other]))
    ]
    assert found.interaction.value == pytest.approx(corners[0] - corners[1] - corners[2] + corners[3])


def test_intervals_are_those_of_a_plain_bootstrap_over_items(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "RESAMPLES", 60)
    listed = noisy(3, IMAGES)
    counts = slow_counts(listed)
    found = by_level(effects(cells(tmp_path, listed), HALF))
    items = list("abcde")
    for place, level, first in ((0, "+lt", "plain"), (3, "minmax", "sum")):

        def difference(drawn, place=place, level=level, first=first):
            chosen = [items[int(one)] for one in drawn]
            return slow_mean(counts, chosen, [(place, level)]) - slow_mean(counts, chosen, [(place, first)])

        slow = stats.bootstrap(
            (np.arange(5),), difference, vectorized=False, n_resamples=60, method="BCa", rng=np.random.default_rng(0)
        ).confidence_interval
        row = found["rule" if place == 0 else "fuse", level]
        assert row.interval == pytest.approx((slow.low, slow.high))
        assert row.interval[0] < row.interval[1]


def at_any_level(start, images, *, folds, **options):
    """Return a small product on a fold's images each, with both seeds, whose pixels lie at levels at random."""
    draw = random.Random(start)

    def spread(pixels):
        counts = np.zeros(256, dtype=np.int64)
        np.add.at(counts, [draw.randrange(256) for _ in range(5)], pixels)
        return counts

    return [
        replace(one, defect=spread(20), other=spread(100))
        for fold, images in enumerate(np.array_split(images, folds))
        for one in noisy(0, images.tolist(), (0, 1), fold=fold, **SMALL, **options)
    ]


@pytest.mark.parametrize("policy", ["otsu", "oracle", "percentile:80", "tuned"])
def test_single_methods_score_as_in_the_table_of_the_run(tmp_path, policy):
    chosen = parse_policy(policy)
    listed = at_any_level(1, IMAGES, folds=2) + noisy(9, ["g/0"], (0, 1), defect=0, **SMALL)
    run = cells(tmp_path, listed + at_any_level(2, ["v/0", "w/0"], folds=2, split="val"))
    table = {row.spec: row.mean["iou"] for row in score_rows(run, chosen)}
    found = effects(run, chosen)
    assert found.items == 5
    for one in found.combinations:
        assert one.iou == pytest.approx(table[one.spec])
        assert one.fused == (one.levels[1] == "stages")


def test_defect_free_images_have_no_say(tmp_path):
    listed, good = noisy(1, IMAGES), noisy(2, ["g/0", "h/0"], defect=0)
    assert effects(cells(tmp_path / "one", listed), HALF) == effects(cells(tmp_path / "two", listed + good), HALF)


def test_images_that_some_method_lacks_are_left_out_of_all(tmp_path):
    listed = noisy(1, IMAGES)
    rest = [one for one in listed if one.image != "b/0"]
    one_missing = [one for one in listed if one.image != "b/0" or one.spec != listed[0].spec]
    found = effects(cells(tmp_path / "one", one_missing), HALF)
    assert found.items == 4
    assert found == effects(cells(tmp_path / "two", rest), HALF)


def test_images_that_could_not_be_read_are_left_out(tmp_path):
    listed = noisy(1, IMAGES)
    nothing = np.zeros(256, dtype=np.int64)
    unread = [replace(one, image="x/0", status="failed", defect=nothing, other=nothing) for one in listed[:36]]
    assert effects(cells(tmp_path / "one", listed), HALF) == effects(cells(tmp_path / "two", listed + unread), HALF)


def test_other_methods_of_the_run_change_nothing(tmp_path):
    listed = noisy(1, IMAGES)
    others = [cell(image, "random", defect={255: 1}, name="random", chance=True) for image in IMAGES]
    others += [measured(image, "plain", "stages", "grad-cam++", "sum", 9) for image in IMAGES]
    assert effects(cells(tmp_path / "one", listed), HALF) == effects(cells(tmp_path / "two", others + listed), HALF)


def test_one_item_has_no_interval(tmp_path):
    found = effects(cells(tmp_path, noisy(1, ["a/0", "a/1"])), HALF)
    assert found.items == 1
    assert {row.interval for row in found.rows} == {None}
    assert by_level(found)["rule", "+lt"].difference is not None


def test_a_run_without_a_product_has_no_effects(tmp_path):
    run = cells(tmp_path, [cell(image, spec, defect={255: 1}) for image in IMAGES for spec in ("grad-cam", "cam")])
    assert effects(run, HALF) is None


def test_where_no_image_could_be_read_there_are_no_effects(tmp_path):
    nothing = np.zeros(256, dtype=np.int64)
    listed = [replace(one, status="failed", defect=nothing, other=nothing) for one in noisy(1, IMAGES)]
    assert effects(cells(tmp_path, listed), HALF) is None


def test_where_nothing_is_defective_there_are_no_effects(tmp_path):
    assert effects(cells(tmp_path, noisy(1, ["g/0", "h/0"], defect=0)), HALF) is None
