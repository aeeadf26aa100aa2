"""What is wrong with the images is told before anything is computed on them."""

from pathlib import Path

import pytest

from bench.runs.experiment import find
from bench.runs.run import execute
from datasets import DatasetError, assign
from tests.helpers.recorder import Recorder
from tests.helpers.tiny_set import register_tiny, tiny_request, tiny_settings


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    register_tiny(monkeypatch)


def damaged(folder):
    """Make the tiny set and spoil two files that are not needed for training; return their paths."""
    samples = assign(find(tiny_settings(folder)).samples)
    samples = samples[samples["split"] == "test"]
    image, mask = samples["image_path"].iloc[0], samples["mask_path"][samples["mask_path"] != ""].iloc[-1]
    for path in (image, mask):
        Path(path).write_bytes(Path(path).read_bytes()[:-30])
    return image, mask


def test_a_run_tells_every_fault_and_goes_on(tmp_path):
    image, mask = damaged(tmp_path)
    recorder = Recorder()
    execute(tiny_request(tmp_path, "centre"), recorder)
    first, last = recorder.told_faults
    assert f"damaged image: {image}" in first
    assert f"damaged mask: {mask}" in last


def test_images_are_read_once_for_each_copy_and_size(tmp_path, monkeypatch):
    image, mask = damaged(tmp_path)
    first = find(tiny_settings(tmp_path)).faults()
    assert [image in first[0], mask in first[-1]] == [True, True]
    monkeypatch.setattr("datasets.faults.of_images", lambda *_: [])
    assert find(tiny_settings(tmp_path)).faults() == first
    assert find(tiny_settings(tmp_path, size=(64, 64))).faults() == ()
    Path(image).write_bytes(b"other bytes")
    assert find(tiny_settings(tmp_path)).faults() == ()


def test_where_a_run_cannot_begin_all_faults_are_in_one_message(tmp_path):
    image, _ = damaged(tmp_path)
    experiment = find(tiny_settings(tmp_path))
    experiment.samples.loc[:, "label"] = "good"
    with pytest.raises(DatasetError) as error:
        list(experiment.assignments())
    assert "there are no defective images in test" in str(error.value)
    assert f"damaged image: {image}" in str(error.value)
