"""What a run tells of itself, and to whom."""

import pytest

from bench.runs.run import execute
from tests.helpers.recorder import Recorder
from tests.helpers.tiny_set import register_tiny, tiny_request


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    register_tiny(monkeypatch)


def test_every_step_of_training_and_every_image_is_told(tmp_path):
    recorder = Recorder()
    execute(tiny_request(tmp_path, "grad-cam", folds=2), recorder)
    tasks = dict.fromkeys(what for what, _, _ in recorder.steps)
    assert list(tasks) == [
        "training vgg-small, fold 1 of 2, seed 0",
        "training vgg-small, fold 2 of 2, seed 0",
        "heatmaps",
    ]
    for what in tasks:
        done = [step for name, step, _ in recorder.steps if name == what]
        (total,) = {total for name, _, total in recorder.steps if name == what}
        assert done == sorted(done)
        assert done[-1] == total
    assert recorder.steps[-1] == ("heatmaps", 40, 40)


def test_a_run_that_nobody_listens_to_says_nothing(tmp_path, capfd):
    execute(tiny_request(tmp_path, "grad-cam,score-cam"))
    assert capfd.readouterr() == ("", "")
