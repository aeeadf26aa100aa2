"""IoU, precision and recall at every threshold, against the scores at fixed ones."""

import numpy as np
import pytest

from results.metrics.curves import threshold_curve
from results.metrics.scoring import score_rows
from results.metrics.thresholds import parse_policy
from tests.helpers.small_runs import cell, cells

OTSU = parse_policy("otsu")


def levels(random, pixels):
    found, counts = np.unique(random.integers(0, 256, pixels), return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


@pytest.fixture
def run(tmp_path):
    random = np.random.default_rng(0)
    found = [
        cell(f"{number}/0", seed=seed, defect=levels(random, 30), other=levels(random, 300))
        for seed in range(2)
        for number in range(3)
    ]
    found.append(cell("failed/0", defect={0: 9}, other={0: 90}, status="constant"))
    found.append(cell("good/0", other=levels(random, 200)))
    return cells(tmp_path, found)


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.9, 1.0])
def test_a_point_is_the_score_at_that_threshold(run, share):
    policy = parse_policy(f"fixed:{share}")
    curve, (row,) = threshold_curve(run, policy), score_rows(run, policy)
    at = round(curve.chosen)
    assert curve.iou[at] == pytest.approx(row.mean["iou"])
    assert curve.precision[at] == pytest.approx(row.mean["precision"])
    assert curve.recall[at] == pytest.approx(row.mean["recall"])


def test_nothing_is_marked_at_the_highest_threshold(run):
    curve = threshold_curve(run, OTSU)
    assert curve.iou.shape == (256,)
    assert (curve.iou[255], curve.recall[255]) == (0, 0)
    assert np.isnan(curve.precision[255])
    assert (np.diff(curve.recall) <= 0).all()


def test_a_method_without_any_map_has_no_threshold(tmp_path):
    curve = threshold_curve(cells(tmp_path, [cell(defect={0: 5}, other={0: 50}, status="failed")]), OTSU)
    assert np.isnan(curve.chosen)
    assert not curve.iou.any()
