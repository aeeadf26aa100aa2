"""What is wrong with the images is told before anything is computed on them."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from bench.commands.console import MOST_FAULTS, bar, columns, messages, tell_faults
from bench.runs.experiment import find
from bench.runs.run import execute
from datasets import DatasetError, assign
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


def test_a_run_tells_every_fault_and_goes_on(tmp_path, capsys):
    image, mask = damaged(tmp_path)
    request = tiny_request(tmp_path, "centre")
    execute(request, Progress(disable=True))
    told = capsys.readouterr().err
    assert f"damaged image: {image}" in told
    assert f"damaged mask: {mask}" in told


def test_a_quiet_terminal_is_told_nothing(monkeypatch, capsys):
    monkeypatch.setattr(messages, "quiet", True)
    tell_faults("tiny", ("damaged image: a",))
    with bar() as progress:
        assert progress.disable
    assert capsys.readouterr().err == ""


def test_the_bar_tells_images_a_second_and_the_time_left():
    told = io.StringIO()
    console = Console(file=told, force_terminal=True, no_color=True, width=120)
    with Progress(*columns(), console=console, get_time=iter(range(1000)).__next__) as progress:
        task = progress.add_task("heatmaps", total=40, shown="", unit="images")
        for _ in range(4):
            progress.advance(task, 5)
    assert re.search(r"20/40 .* images/s .*0:0\d:\d\d", told.getvalue())


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


def test_many_faults_are_cut_short(capsys):
    tell_faults("mine", tuple(f"fault [bold]{number}" for number in range(MOST_FAULTS + 3)))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "fault [bold]0"
    assert lines[-1] == "3 more faults: python -m bench verify mine lists all"
    assert len(lines) == MOST_FAULTS + 1
    tell_faults("mine", ())
    assert capsys.readouterr().err == ""
