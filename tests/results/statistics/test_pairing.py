"""Pairing: only what both methods have, summed over the images of each item."""

from results.metrics.thresholds import parse_policy
from results.statistics.pairing import counted, paired
from tests.helpers.compared_runs import measured
from tests.helpers.small_runs import cell, cells

HALF = parse_policy("fixed:0.5")


def table(folder, *listed):
    return counted(cells(folder, list(listed)), HALF)


def test_images_that_only_one_has_are_left_out(tmp_path):
    one = table(tmp_path / "one", measured("a", "x", 10), measured("b", "x", 20))
    two = table(tmp_path / "two", measured("b", "y", 30), measured("c", "y", 40))
    pairing = paired(one, two)
    assert (pairing.items, pairing.images, pairing.left_out) == (("b",), 1, 2)
    assert (pairing.first.tp.tolist(), pairing.second.tp.tolist()) == ([[20]], [[30]])
    assert (pairing.first.fn.tolist(), pairing.first.fp.tolist()) == ([[80]], [[50]])


def test_the_images_of_an_item_are_summed_over_folds_and_seeds_stay_apart(tmp_path):
    def listed(name, shift):
        return [
            cell(f"a/{image}", name, fold=image, seed=seed, defect={255: 10 * image + seed + shift, 0: 50})
            for image in (0, 1) for seed in (0, 1)
        ]  # fmt: skip

    pairing = paired(table(tmp_path / "one", *listed("x", 1)), table(tmp_path / "two", *listed("y", 3)))
    assert pairing.seeds == (0, 1)
    assert pairing.first.tp.tolist() == [[1 + 11, 2 + 12]]
    assert pairing.second.tp.tolist() == [[3 + 13, 4 + 14]]
    assert pairing.images == 2


def test_an_image_that_lacks_a_seed_is_left_out(tmp_path):
    one = table(tmp_path / "one", *(measured(item, "x", 5, seed=seed) for item in "ab" for seed in (0, 1)))
    known = (("a", 0), ("a", 1), ("b", 0))
    two = table(tmp_path / "two", *(measured(item, "y", 5, seed=seed) for item, seed in known))
    assert paired(one, two).items == ("a",)
    assert paired(one, two).left_out == 1


def test_seeds_that_only_one_has_are_no_reason_to_leave_images_out(tmp_path):
    one = table(tmp_path / "one", *(measured("a", "x", 5, seed=seed) for seed in (0, 1)))
    two = table(tmp_path / "two", measured("a", "y", 5, seed=1))
    pairing = paired(one, two)
    assert (pairing.seeds, pairing.images, pairing.left_out) == ((1,), 1, 0)


def test_a_failure_counts_as_nothing_found_and_no_answer_counts_as_no_method(tmp_path):
    failed = table(tmp_path / "failed", measured("a", "x", 60, status="failed", reason="mine"))
    assert failed[["tp", "fp", "fn"]].to_numpy().tolist() == [[0, 0, 100]]
    assert table(tmp_path / "none", measured("a", "x", 60, status="not applicable")).empty


def test_images_without_a_defect_do_not_count(tmp_path):
    assert table(tmp_path, cell("a/0", "x", other={255: 10, 0: 5}), measured("b", "x", 5))["image"].tolist() == ["b/0"]
