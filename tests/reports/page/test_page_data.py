"""What the page shows of a run."""

import pandas as pd

from reports.page.page_data import gather
from results.metrics.thresholds import ThresholdPolicy
from results.store.run_store import RunStore
from tests.helpers.page_runs import METHODS, make
from tests.helpers.small_runs import cell, store

OTSU = ThresholdPolicy("otsu")


def test_what_only_a_sweep_has_tested_is_no_row(tmp_path):
    run = make(tmp_path)
    assert [row.spec for row in gather(run, OTSU).summary.rows] == [*METHODS, "cam"]
    points = [("ra-cam", "test", delta, 0.2, 0.1, 0.3, 4, 4, 0) for delta in (0, 50)]
    names = ["family", "split", "delta", "iou", "low", "high", "images", "items", "failed"]
    pd.DataFrame(points, columns=names).to_csv(run / "sweep.csv", index=False)
    assert [row.spec for row in gather(run, OTSU).summary.rows] == [*METHODS, "cam"]
    swept = cell("a/0", "grad-cam@30", group="a/0", label="pit", defect={255: 80}, other={0: 880})
    RunStore(run).append([swept])
    pd.DataFrame(points, columns=names).assign(family="grad-cam").to_csv(run / "sweep.csv", index=False)
    assert [row.spec for row in gather(run, OTSU).summary.rows] == [*METHODS, "cam"]


def test_the_best_method_is_one_of_chance_level_only_without_others(tmp_path):
    for image in ("a/0", "b/0"):
        known = cell(image, "grad-cam", defect={255: 3, 0: 7})
        store(tmp_path, [known, cell(image, "random", defect={255: 9, 0: 1}, chance=True)])
    assert gather(tmp_path, OTSU).best == "grad-cam"
    assert gather(tmp_path, OTSU, ["random"]).best == "random"
