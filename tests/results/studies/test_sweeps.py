"""IoU against δ, against plain loops; what masks choose, and what a chosen δ gives on test."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from results.errors import ResultError
from results.metrics.scoring import score_rows
from results.metrics.thresholds import check_unsupervised, parse_policy
from results.studies.sweeps import score_sweep
from tests.helpers.small_runs import cell, cells

HALF, OTSU = parse_policy("fixed:0.5"), parse_policy("otsu")
DELTAS = (0.0, 50.0, 90.0)
LT = {delta: f"lt-grad-cam@{delta:g}" for delta in DELTAS}
RA = {delta: f"ra-cam@{delta:g}" for delta in DELTAS}
BOTH = ("train", "test")


def sweep(folder, found, families=None, splits=BOTH, policy=HALF):
    return score_sweep(cells(folder, found), families or {"lt-grad-cam": LT}, splits, policy, 50.0)


def hit(delta, tp, split="test", image="a/0", *, of=10, fp=0, **fields):
    """Return a cell of which `tp` of `of` defect pixels and `fp` others are above half the range."""
    return cell(image, LT[delta], defect={255: tp, 0: of - tp}, other={255: fp, 0: 90 - fp}, split=split, **fields)


def at(tps, split="test", image="a/0", **fields):
    """Return a cell for each δ, with these true positives."""
    return [hit(delta, tp, split, image, **fields) for delta, tp in zip(DELTAS, tps, strict=True)]


def curve(found, split="test"):
    (one,) = [one for one in found.curves if one.split == split]
    return one.points


def choice(found, on):
    (one,) = [one for one in found.choices if one.chosen_on == on]
    return one


def random_run():
    """Two families, two seeds and two folds; an item of three images has one that shows nothing."""
    generator, found = np.random.default_rng(4), []
    items = {0: {"train": "abc", "val": "d", "test": "ef"}, 1: {"train": "bef", "val": "c", "test": "ad"}}
    for seed, fold, specs, delta in product((0, 1), (0, 1), (LT, RA), DELTAS):
        for split, item, number in product((*BOTH, "val"), "abcdef", range(3)):
            if item in items[fold][split]:
                defect, other = ({int(level): 3 for level in generator.integers(0, 256, 20)} for _ in range(2))
                status = generator.choice(["ok", "ok", "ok", "constant", "failed"])
                fields = {"fold": fold, "seed": seed, "split": split, "status": str(status)}
                defect = defect if number else {}
                found.append(cell(f"{item}/{number}", specs[delta], defect=defect, other=other, **fields))
    return found


def slow_counts(found):
    """Count tp, fp and fn of the decision "above half of 255", an empty one where the map is not usable."""
    tp = fp = fn = 0
    for one in found:
        for level in range(256):
            marked = level >= 128 and one.status == "ok"
            tp += int(one.defect[level]) if marked else 0
            fn += 0 if marked else int(one.defect[level])
            fp += int(one.other[level]) if marked else 0
    return tp, fp, fn


def slow_iou(found):
    """The mean over seeds of the IoU over all folds, of defective images."""
    values = []
    for seed in sorted({one.seed for one in found}):
        tp, fp, fn = slow_counts([one for one in found if one.seed == seed and one.defect.any()])
        values.append(tp / (tp + fp + fn))
    return sum(values) / len(values)


def test_curves_are_those_of_plain_loops(tmp_path):
    run = random_run()
    found = sweep(tmp_path, run, {"lt-grad-cam": LT, "ra-cam": RA}, ("train", "val", "test"))
    assert [(one.family, one.split) for one in found.curves] == list(
        product(("lt-grad-cam", "ra-cam"), ("train", "val", "test"))
    )
    for one in found.curves:
        specs = LT if one.family == "lt-grad-cam" else RA
        assert list(one.points) == list(DELTAS)
        for delta, point in one.points.items():
            own = [each for each in run if each.spec == specs[delta] and each.split == one.split]
            assert point.iou == pytest.approx(slow_iou(own))
            assert point.low <= point.iou + 1e-12
            assert point.iou <= point.high + 1e-12
            defective = {each.image for each in own if each.defect.any()}
            assert (point.images, point.items) == (len(defective), len({image[0] for image in defective}))
            lost = {each.image for each in own if each.defect.any() and each.status != "ok"}
            assert point.failed == len(lost)


def test_choices_are_those_of_plain_loops(tmp_path):
    run = random_run()
    found = sweep(tmp_path, run, splits=("train", "val", "test"))
    for split in ("train", "val"):
        chosen, kept = {}, []
        for seed, fold in product((0, 1), (0, 1)):
            values = {}
            for delta in DELTAS:
                own = [
                    one for one in run
                    if (one.spec, one.seed, one.fold, one.split) == (LT[delta], seed, fold, split)
                ]  # fmt: skip
                values[delta] = slow_iou(own)
            best = max(values, key=values.get)
            chosen[seed, fold] = best
            kept += [one for one in run if (one.spec, one.seed, one.fold, one.split) == (LT[best], seed, fold, "test")]
        assert choice(found, split).deltas == tuple(tuple(chosen[seed, fold] for fold in (0, 1)) for seed in (0, 1))
        assert choice(found, split).test.iou == pytest.approx(slow_iou(kept))


@pytest.mark.parametrize("policy", ["otsu", "percentile:90"])
def test_the_curve_on_test_gives_the_numbers_of_the_table(tmp_path, policy):
    run, policy = random_run(), parse_policy(policy)
    rows = {row.spec: row.mean["iou"] for row in score_rows(cells(tmp_path / "table", run), policy)}
    points = curve(sweep(tmp_path / "sweep", run, policy=policy))
    assert [point.iou for point in points.values()] == pytest.approx([rows[spec] for spec in LT.values()])


def test_the_interval_is_over_items_however_many_classifiers_saw_them(tmp_path):
    images = [f"{item}/{number}" for item in "abcdef" for number in (0, 1)]
    once = [one for number, image in enumerate(images) for one in at((number, 5, 9), image=image, of=20)]
    again = [replace(one, seed=1, fold=1) for one in once]
    first, second = (curve(sweep(tmp_path / name, run)) for name, run in (("one", once), ("two", [*once, *again])))
    assert first == second
    # Images that each were an item of their own would give another interval.
    apart = [replace(one, group=one.image) for one in once]
    assert curve(sweep(tmp_path / "apart", apart))[0.0].low != first[0.0].low


def test_one_item_has_no_interval(tmp_path):
    point = curve(sweep(tmp_path, [*at((4, 5, 6)), *at((4, 5, 6), image="a/1")]))[0.0]
    assert point.iou == pytest.approx(0.4)
    assert math.isnan(point.low)
    assert math.isnan(point.high)


def test_the_mean_is_over_seeds(tmp_path):
    # Pooled over both seeds it would be 14 of 20 and 110 of 190 pixels.
    run = [*at((4, 0, 0), seed=0), *at((10, 0, 0), seed=1, fp=90)]
    assert curve(sweep(tmp_path, run))[0.0].iou == pytest.approx((4 / 10 + 10 / 100) / 2)


def test_what_shows_no_defect_has_no_say(tmp_path):
    run = [*at((4, 5, 6)), *(cell("g/0", spec, other={255: 90}) for spec in LT.values())]
    points = curve(sweep(tmp_path, run))
    assert [point.iou for point in points.values()] == pytest.approx([0.4, 0.5, 0.6])
    assert points[0.0].images == 1


@pytest.mark.parametrize("status", ["failed", "constant", "not finite"])
def test_a_map_that_is_not_ok_is_an_empty_prediction(tmp_path, status):
    lost = [replace(hit(0.0, 10, image="b/0"), status=status), hit(50.0, 10, image="b/0"), hit(90.0, 10, image="b/0")]
    points = curve(sweep(tmp_path, [*at((10, 10, 10)), *lost]))
    assert [point.iou for point in points.values()] == pytest.approx([0.5, 1, 1])
    assert [point.failed for point in points.values()] == [1, 0, 0]


def test_delta_is_chosen_for_every_fold_and_seed_by_itself(tmp_path):
    best = {(0, 0): (9, 1, 1), (0, 1): (1, 1, 9), (1, 0): (1, 9, 1), (1, 1): (1, 9, 1)}
    run = []
    for (seed, fold), tps in best.items():
        run += at(tps, "train", f"t{fold}/0", seed=seed, fold=fold)
        run += at((2, 5, 8), image=f"e{fold}/0", seed=seed, fold=fold)
    chosen = choice(sweep(tmp_path, run), "train")
    assert chosen.deltas == ((0.0, 90.0), (50.0, 50.0))
    # Seed 0 finds 2 and 8 pixels of ten each, seed 1 finds 5 and 5.
    assert chosen.test.iou == pytest.approx((10 / 20 + 10 / 20) / 2)
    assert chosen.supervision == "masks of training"


def test_no_mask_of_a_test_image_moves_a_choice(tmp_path):
    training, validation = at((1, 2, 9), "train", "t/0"), at((9, 2, 1), "val", "v/0")
    for name, tps in (("one", (1, 5, 9)), ("other", (9, 5, 1))):
        found = sweep(tmp_path / name, [*training, *validation, *at(tps)], splits=("train", "val", "test"))
        assert choice(found, "train").deltas == ((90.0,),)
        assert choice(found, "val").deltas == ((0.0,),)
        assert choice(found, "train").test.iou == pytest.approx(tps[2] / 10)
        assert choice(found, "val").test.iou == pytest.approx(tps[0] / 10)


def test_of_equally_good_deltas_the_lowest_is_chosen(tmp_path):
    # Asked for in another order than that of δ.
    families = {"lt-grad-cam": dict(reversed(LT.items()))}
    found = sweep(tmp_path, [*at((7, 7, 7)), *at((1, 3, 3), "train")], families)
    assert choice(found, "train").deltas == ((50.0,),)
    assert choice(found, "test").deltas == ((0.0,),)


def test_the_default_and_the_best_on_test_stand_beside(tmp_path):
    found = sweep(tmp_path, [*at((3, 5, 8)), *at((9, 1, 1), "train")])
    shown = [(one.chosen_on, one.supervision, one.deltas, round(one.test.iou, 6)) for one in found.choices]
    assert shown == [
        ("default", "none", ((50.0,),), 0.5),
        ("train", "masks of training", ((0.0,),), 0.3),
        ("test", "masks of test", ((90.0,),), 0.8),
    ]


def test_the_best_on_test_is_the_peak_of_the_curve_and_one_for_all_folds(tmp_path):
    # By itself each fold would take another: 0 and 90; together 50 is the best.
    run = [*at((7, 6, 1)), *at((1, 6, 7), image="b/0", fold=1)]
    best = choice(sweep(tmp_path, run), "test")
    assert best.deltas == ((50.0, 50.0),)
    assert best.test.iou == pytest.approx(12 / 20)


def test_a_default_that_was_not_swept_is_not_shown(tmp_path):
    families = {"lt-grad-cam": {delta: LT[delta] for delta in (0.0, 90.0)}}
    assert [one.chosen_on for one in sweep(tmp_path, at((3, 5, 8)), families, ("test",)).choices] == ["test"]


def test_masks_of_validation_choose_where_they_were_asked_for(tmp_path):
    run = [*at((3, 5, 8)), *at((1, 9, 1), "train"), *at((9, 1, 1), "val")]
    with_validation = sweep(tmp_path / "with", run, splits=("val", "test"))
    assert [one.chosen_on for one in with_validation.choices] == ["default", "val", "test"]
    assert choice(with_validation, "val").supervision == "masks of validation"
    without = sweep(tmp_path / "without", run)
    assert [one.chosen_on for one in without.choices] == ["default", "train", "test"]
    assert {one.split for one in without.curves} == set(BOTH)


def test_a_fold_with_nothing_to_choose_on_leaves_the_choice_undefined(tmp_path):
    run = [*at((3, 5, 8)), *at((3, 5, 8), image="b/0", fold=1), *at((9, 1, 1), "val", "v/0", fold=1)]
    chosen = choice(sweep(tmp_path, run, splits=("val", "test")), "val")
    assert math.isnan(chosen.deltas[0][0])
    assert chosen.deltas[0][1] == 0
    assert math.isnan(chosen.test.iou)


def test_without_test_a_delta_is_chosen_and_not_judged(tmp_path):
    found = sweep(tmp_path, [*at((3, 5, 8)), *at((9, 1, 1), "train")], splits=("train",))
    (chosen,) = found.choices
    assert (chosen.chosen_on, chosen.deltas) == ("train", ((0.0,),))
    assert math.isnan(chosen.test.iou)


@pytest.mark.parametrize("policy", ["tuned", "oracle"])
def test_thresholds_that_read_masks_are_refused(tmp_path, policy):
    with pytest.raises(ResultError, match=f"the threshold {policy} is chosen on masks of"):
        check_unsupervised(parse_policy(policy))
    with pytest.raises(ResultError, match="otsu, fixed:V"):
        sweep(tmp_path, at((3, 5, 8)), policy=parse_policy(policy))


def test_a_family_without_an_answer_is_named_and_not_drawn(tmp_path):
    absent = [cell("a/0", spec, defect={0: 5}, status="not applicable", reason="no biases") for spec in RA.values()]
    found = sweep(tmp_path / "one", [*absent, *at((3, 5, 8))], {"ra-cam": RA, "lt-grad-cam": LT})
    assert found.absent == {"ra-cam": "no biases"}
    assert {one.family for one in [*found.curves, *found.choices]} == {"lt-grad-cam"}
    with pytest.raises(ResultError, match=r"no method .* is applicable to this network \(ra-cam: no biases\)"):
        sweep(tmp_path / "none", absent, {"ra-cam": RA})


def test_images_that_cannot_be_read_are_counted_apart(tmp_path):
    unread = [
        replace(cell("x/0", spec, other={0: 0}, status="failed", seed=seed), label="defect")
        for seed, spec in product((0, 1), LT.values())
    ]
    found = sweep(tmp_path / "one", [*at((3, 5, 8)), *at((3, 5, 8), seed=1), *unread])
    assert found.unread == 1
    assert (curve(found)[0.0].images, curve(found)[0.0].failed) == (1, 0)
    with pytest.raises(ResultError, match="no defective image that could be read and has a mask, to score lt-grad"):
        sweep(tmp_path / "none", unread)


def test_images_without_a_known_mask_are_counted_apart(tmp_path):
    lacking = [replace(cell("x/0", spec, other={0: 0}), label="defect", unmasked=True) for spec in LT.values()]
    found = sweep(tmp_path, [*at((3, 5, 8)), *lacking])
    assert (found.unmasked, found.unread, curve(found)[0.0].images) == (1, 0, 1)


def test_what_was_never_run_is_refused(tmp_path):
    with pytest.raises(ResultError, match="score ra-cam on"):
        sweep(tmp_path, at((3, 5, 8)), {"ra-cam": RA})


@pytest.mark.parametrize("lost", [1, 4])
def test_deltas_that_were_not_seen_on_the_same_images_are_refused(tmp_path, lost):
    run = [*at((3, 5, 8)), *at((3, 5, 8), "train", "b/0")]
    spec = run.pop(lost).spec
    with pytest.raises(ResultError, match=f"lacks 1 of 2 cells of {spec}"):
        sweep(tmp_path, run)


def test_a_split_without_defects_has_an_empty_curve(tmp_path):
    points = curve(sweep(tmp_path, at((3, 5, 8))), "train")
    assert all(math.isnan(point.iou) and point.images == 0 for point in points.values())
