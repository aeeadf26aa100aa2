"""From cells to rows: pooling, seeds, thresholds, failures, and methods that are equal."""

import math
from dataclasses import replace

import pytest

from results.errors import ResultError
from results.metrics.formulas import METRICS
from results.metrics.scoring import equal_rows, score_rows
from results.metrics.thresholds import parse_policy
from tests.helpers.small_runs import cell, cells

HALF = parse_policy("fixed:0.5")
TUNED = parse_policy("tuned")


def rows(folder, found, policy=HALF):
    return score_rows(cells(folder, found), policy)


def row(folder, found, policy=HALF):
    (only,) = rows(folder, found, policy)
    return only


def hit(image="a/0", spec="grad-cam", *, tp=0, fn=0, fp=0, tn=90, **fields):
    """Return a cell with these counts under a threshold of half the range."""
    return cell(image, spec, defect={255: tp, 0: fn} if tp + fn else {}, other={255: fp, 0: tn}, **fields)


def test_counts_are_pooled_over_the_defective_images(tmp_path):
    found = row(tmp_path, [hit("a/0", tp=6, fn=2, fp=2), hit("b/0", tp=1, fn=3, fp=6), hit("c/0", fp=10)])
    assert found.images == 3
    assert found.mean["iou"] == pytest.approx(7 / 20)
    assert found.mean["precision"] == pytest.approx(7 / 15)
    assert found.mean["recall"] == pytest.approx(7 / 12)
    assert found.mean["false_positive_area"] == pytest.approx(10 / 100)
    assert found.spread is None
    assert (found.failed, found.unread, found.reason, found.applicable) == (0, 0, "", True)


def test_mean_and_spread_are_over_the_seeds(tmp_path):
    found = row(tmp_path, [hit(tp=tp, fn=10 - tp, fp=10 - tp, seed=seed) for seed, tp in enumerate([8, 5, 2])])
    recalls = (0.8, 0.5, 0.2)
    assert found.mean["recall"] == pytest.approx(0.5)
    assert found.spread["recall"] == pytest.approx(math.sqrt(sum((value - 0.5) ** 2 for value in recalls) / 2))
    # The mean of each seed's IoU, and not the IoU of all counts together.
    assert found.mean["iou"] == pytest.approx((8 / 12 + 5 / 15 + 2 / 18) / 3)


def test_folds_are_pooled_like_the_images_of_one_split(tmp_path):
    images = [hit("a/0", tp=6, fn=2, fp=2), hit("b/0", tp=1, fn=3, fp=6), hit("c/0", fp=10)]
    folded = [replace(one, fold=number) for number, one in enumerate(images)]
    one, five = row(tmp_path / "one", images), row(tmp_path / "five", folded)
    assert five.mean == pytest.approx(one.mean, nan_ok=True)
    assert five.spread is None
    assert five.images == 3


def test_rows_keep_the_order_of_the_cells(tmp_path):
    specs = ["ra-cam@50", "cam", "layer-cam"]
    found = rows(tmp_path, [hit(image, spec, tp=1) for image in ("a/0", "b/0") for spec in specs])
    assert [one.spec for one in found] == specs


def test_every_metric_is_in_a_row(tmp_path):
    assert list(row(tmp_path, [hit(tp=1)]).mean) == list(METRICS)


def test_validation_images_are_not_scored(tmp_path):
    found = row(tmp_path, [hit("a/0", tp=1, fn=1), hit("b/0", tp=8, split="val")])
    assert found.images == 1
    assert found.mean["recall"] == 0.5


def tuning(level, wrong, **fields):
    """Return a validation image whose defect lies at `level`, all else at `wrong`."""
    return cell("v/0", defect={level: 10}, other={wrong: 90}, split="val", **fields)


def probe(**fields):
    """Return a test image: of its defect's pixels 4 lie at level 50, 3 at 150 and 3 at 250."""
    return cell("t/0", defect={50: 4, 150: 3, 250: 3}, other={0: 90}, **fields)


def test_a_threshold_is_tuned_on_validation_images(tmp_path):
    found = row(tmp_path, [probe(), tuning(level=150, wrong=100)], TUNED)
    assert found.mean["recall"] == pytest.approx(0.6)
    assert found.supervision == "masks of validation"


def test_every_fold_and_seed_has_a_threshold_of_its_own(tmp_path):
    lowest = {(0, 0): 40, (1, 0): 100, (0, 1): 200, (1, 1): 200}
    found = []
    for (fold, seed), level in lowest.items():
        found += [probe(fold=fold, seed=seed), tuning(level + 1, level, fold=fold, seed=seed)]
    # Of ten pixels each, seed 0 finds 10 and 6, seed 1 finds 3 and 3.
    scored = row(tmp_path, found, TUNED)
    assert scored.mean["recall"] == pytest.approx((16 / 20 + 6 / 20) / 2)
    assert scored.spread["recall"] == pytest.approx(0.5 / math.sqrt(2))


def test_no_mask_of_a_test_image_moves_a_tuned_threshold(tmp_path):
    # With the threshold of the validation image, 100, just the pixels at level 150 and 250 are marked. If the
    # masks of the test image had a say, the second set of masks would lead to another threshold.
    validation = tuning(level=150, wrong=100)
    here = cell("t/0", defect={250: 5}, other={150: 5, 50: 90})
    there = cell("t/0", defect={50: 90, 150: 5}, other={250: 5})
    one = row(tmp_path / "one", [here, validation], TUNED)
    assert one.mean["precision"] == pytest.approx(5 / 10)
    other = row(tmp_path / "other", [there, validation], TUNED)
    assert other.mean["precision"] == pytest.approx(5 / 10)
    assert other.mean["recall"] == pytest.approx(5 / 95)


def test_tuning_without_validation_images_is_refused(tmp_path):
    with pytest.raises(ResultError, match="no validation images to tune on; run it again with --threshold tuned"):
        row(tmp_path, [hit(tp=1)], TUNED)


def test_each_policy_says_what_masks_it_read(tmp_path):
    for text, supervision in (("otsu", "none"), ("oracle", "masks of test")):
        assert row(tmp_path / text, [hit(tp=1)], parse_policy(text)).supervision == supervision


@pytest.mark.parametrize("status", ["failed", "constant", "not finite"])
def test_a_map_that_is_not_ok_is_an_empty_prediction(tmp_path, status):
    lost = cell("b/0", defect={0: 10}, other={0: 90}, status=status, reason="why")
    found = row(tmp_path, [hit("a/0", tp=8, fn=2), lost])
    assert (found.images, found.failed + found.constant, found.reason, found.applicable) == (2, 1, "why", True)
    assert found.mean["recall"] == pytest.approx(8 / 20)
    assert found.mean["precision"] == 1
    assert found.mean["image_iou"] == pytest.approx(0.4)
    # Of 20 x 90 pairs 8 x 90 are won and 2 x 90 are ties: the lost map's background wins nothing.
    assert found.mean["auroc"] == pytest.approx(0.45)


def test_empty_constant_and_failed_maps_are_three_numbers(tmp_path):
    kinds = ["ok", "empty", "empty", "constant", "not finite", "failed", "empty"]
    given = [cell(f"{n}/0", defect={0: 5} if n < 5 else None, status=status) for n, status in enumerate(kinds)]
    found = row(tmp_path, given)
    assert (found.empty, found.empty_defective) == (3, 2)
    assert (found.constant, found.constant_defective) == (1, 1)
    assert (found.failed, found.failed_defective) == (2, 1)


def test_an_empty_map_of_a_good_image_has_no_false_positives_and_a_constant_one_says_nothing(tmp_path):
    half = cell("a/0", other={0: 5, 200: 5})
    flat = {"other": {0: 10}, "minimum": 0.0, "maximum": 0.0}
    for status, area in (("empty", 0.25), ("constant", 0.5)):
        found = row(tmp_path / status, [hit("d/0", tp=1), half, cell("b/0", status=status, **flat)])
        assert found.mean["false_positive_area"] == pytest.approx(area)


def test_an_empty_map_of_a_defective_image_finds_nothing_and_its_background_is_right(tmp_path):
    blind = cell("b/0", defect={0: 10}, other={0: 90}, status="empty")
    found = row(tmp_path, [hit("a/0", tp=8, fn=2), blind])
    assert found.mean["recall"] == pytest.approx(8 / 20)
    assert found.mean["precision"] == 1
    # Of 20 x 180 pairs the 8 pixels that were found win 8 x 180, the 12 others tie with all.
    assert found.mean["auroc"] == pytest.approx((8 + 12 / 2) / 20)


def test_a_method_without_an_answer_on_the_network_is_not_measured(tmp_path):
    absent = [cell(f"{name}/0", "cam", defect={0: 5}, status="not applicable", reason="no head") for name in "ab"]
    first, second = rows(tmp_path, [*absent, hit(tp=1)])
    assert (first.applicable, first.reason, first.images, first.failed) == (False, "no head", 0, 0)
    assert first.spread is None
    assert all(math.isnan(value) for value in first.mean.values())
    assert second.applicable


def test_what_is_noted_of_a_map_is_no_failure(tmp_path):
    notes = {"a/0": ("900 % of a word", math.nan), "b/0": ("two thirds off", 0.67), "c/0": ("all off", 1.0)}
    found = [hit(image, tp=1, reason=note, deviation=share) for image, (note, share) in notes.items()]
    found += [hit("e/0", tp=1), cell("f/0", defect={0: 5}, status="failed", reason="out of memory")]
    scored = row(tmp_path, found)
    assert (scored.noted, scored.note) == (3, "all off")
    assert (scored.images, scored.failed, scored.reason) == (5, 1, "out of memory")
    assert scored.mean["iou"] == pytest.approx(4 / 9)


def test_an_infinite_deviation_is_the_largest(tmp_path):
    found = [hit(image, tp=1, reason=f"{share}", deviation=share) for image, share in (("a/0", 2.0), ("b/0", math.inf))]
    assert row(tmp_path, found).note == "inf"


def test_the_first_note_is_told_where_no_map_has_a_deviation(tmp_path):
    assert row(tmp_path, [hit("a/0", tp=1, reason="first"), hit("b/0", tp=1, reason="second")]).note == "first"


def test_an_image_is_noted_once_however_many_seeds_there_are(tmp_path):
    scored = row(tmp_path, [hit(tp=1, seed=seed, reason="second choice" if seed else "") for seed in range(3)])
    assert (scored.noted, scored.note) == (1, "second choice")
    assert row(tmp_path / "none", [hit(tp=1)]).noted == 0


def test_validation_images_are_not_counted_among_the_noted(tmp_path):
    assert row(tmp_path, [hit(tp=1), hit("v/0", tp=1, split="val", reason="off by 9 %")]).noted == 0


def unread(image="x/0", **fields):
    """Return the cell of an image that could not be read: nothing is known of its pixels."""
    return replace(
        cell(image, defect={}, other={0: 0}, status="failed", reason="x.png is empty", **fields), label="defect"
    )


def test_an_image_that_cannot_be_read_is_counted_apart(tmp_path):
    found = row(tmp_path, [hit("a/0", tp=8, fn=2), unread()])
    assert (found.images, found.failed, found.unread) == (1, 0, 1)
    assert found.mean["recall"] == pytest.approx(0.8)


def unmasked(image="x/0", **fields):
    """A cell of a defective image whose mask is not known."""
    return cell(image, other={0: 0}, label="defect", unmasked=True, **fields)


def test_an_image_without_a_known_mask_is_counted_apart_and_moves_no_number(tmp_path):
    scored = [hit("a/0", tp=8, fn=2), cell("b/0", other={0: 5, 255: 5})]
    alone = row(tmp_path / "alone", scored)
    found = row(tmp_path / "beside", [*scored, unmasked(), unmasked("x/1", status="empty"), unread("y/0")])
    assert (found.unmasked, found.unread, found.images) == (2, 1, 2)
    assert (found.mean, found.empty) == (alone.mean, 0)


def test_without_any_mask_nothing_is_known_but_what_is_marked_on_good_images(tmp_path):
    found = row(tmp_path, [unmasked(), cell("b/0", other={0: 5, 255: 5})])
    assert (found.images, found.unmasked, found.applicable) == (1, 1, True)
    assert found.mean["false_positive_area"] == 0.5
    assert all(math.isnan(found.mean[name]) for name in ("iou", "precision", "recall", "f1", "pixel_ap"))


def test_where_no_image_can_be_read_the_method_is_not_to_blame(tmp_path):
    found = row(tmp_path, [unread("x/0"), unread("x/1")])
    assert (found.images, found.unread) == (0, 2)
    assert found.applicable


def test_images_are_counted_once_however_many_seeds_there_are(tmp_path):
    found = row(tmp_path, [one for seed in range(3) for one in (hit("a/0", tp=1, seed=seed), unread(seed=seed))])
    assert (found.images, found.unread) == (1, 1)


def fused(image, shares, **fields):
    names = [f"S{number}" for number in range(1, len(shares) + 1)]
    return cell(image, defect={255: 1}, layer_names=names if len(shares) > 1 else [], shares=shares, **fields)


def test_a_layer_that_gives_nearly_everything_is_named(tmp_path):
    found = row(tmp_path, [fused("a/0", [0.02, 0.98]), fused("b/0", [0.1, 0.9])])
    assert found.dominant == ("S2", pytest.approx(0.94))


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.11, 0.89], [1.0]])
def test_no_layer_is_named_where_several_matter_or_there_is_just_one(tmp_path, shares):
    assert row(tmp_path, [fused("a/0", shares)]).dominant is None


def test_shares_of_a_failed_map_have_no_say(tmp_path):
    found = row(tmp_path, [fused("a/0", [0.5, 0.5]), fused("b/0", [0.0, 1.0], status="constant")])
    assert found.dominant is None


def flat(spec, image="a/0", shift=0, **fields):
    """Return a map of 10 000 pixels, `shift` of which lie two levels higher."""
    return cell(image, spec, defect={100: 500}, other={20: 9500 - shift, 22: shift}, **fields)


def equal(folder, *found):
    return equal_rows(cells(folder, list(found)))


def test_methods_with_the_same_levels_are_equal(tmp_path):
    assert equal(tmp_path, flat("one"), flat("two"), flat("three", shift=5000)) == [("one", "two")]


def test_rounding_does_not_make_methods_different(tmp_path):
    # 100 of 10 000 pixels by two levels: 0.02 levels a pixel.
    assert equal(tmp_path, flat("one"), flat("two", shift=100)) == [("one", "two")]


def test_methods_that_differ_are_not_joined(tmp_path):
    # A tenth of a level a pixel.
    assert equal(tmp_path, flat("one"), flat("two", shift=500)) == []


def test_methods_that_mark_other_places_are_not_equal(tmp_path):
    one = cell("a/0", "one", defect={100: 500}, other={20: 9500})
    other = cell("a/0", "two", defect={20: 500}, other={100: 500, 20: 9000})
    assert equal(tmp_path, one, other) == []


def test_two_groups_of_equal_methods_are_found_in_the_order_of_the_rows(tmp_path):
    found = [flat("d"), flat("c", shift=4000), flat("b"), flat("a", shift=4000), flat("alone", shift=8000)]
    assert equal(tmp_path, *found) == [("d", "b"), ("c", "a")]


def test_a_method_stands_in_one_group_only(tmp_path):
    # Each is within the tolerance of its neighbour: first-third-fourth-second.
    shifts = {"first": 0, "second": 600, "third": 200, "fourth": 400}
    groups = equal(tmp_path, *[flat(spec, shift=shift) for spec, shift in shifts.items()])
    members = [spec for group in groups for spec in group]
    assert sorted(members) == sorted(set(members))


def test_equal_methods_are_found_whatever_order_their_images_were_computed_in(tmp_path):
    images = [("a/0", 0), ("b/0", 3000), ("c/0", 6000)]
    one = [flat("one", image, shift) for image, shift in images]
    two = [flat("two", image, shift) for image, shift in reversed(images)]
    assert equal(tmp_path, *one, *two) == [("one", "two")]


def test_validation_images_have_no_say_in_equality(tmp_path):
    assert equal(
        tmp_path, flat("one"), flat("two"),
        flat("one", "v/0", split="val"), flat("two", "v/0", 5000, split="val"),
    ) == [("one", "two")]  # fmt: skip


def test_images_without_a_known_mask_have_no_say_in_equality(tmp_path):
    found = cells(tmp_path, [unmasked(spec="one"), unmasked(spec="two")])
    assert equal_rows(found) == []


def test_methods_that_failed_everywhere_are_not_called_equal(tmp_path):
    assert equal(tmp_path, flat("one", status="constant"), flat("two", status="constant")) == []
