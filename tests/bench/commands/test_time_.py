"""`python -m bench time` from its options to its files."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from bench.errors import BenchError
from bench.timing.planning import read_devices, read_numbers, read_precisions, read_sizes
from results.store.timing_files import read
from tests.helpers.command_line import call

QUICK = ("--input-sizes", "32x32", "--repeats", "2", "--limit", "inf", "--only-time")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: call("time", *QUICK, *arguments, code=None)


def test_methods_groups_and_libraries_are_timed_and_everything_is_kept(bench):
    code, text, messages = bench(
        "--methods", "grad-cam", "--together", "two=layer-cam,grad-cam", "--batch-sizes", "1,2", "--out", "there"
    )
    assert code == 0, messages
    found = read(Path("there/timing.json"))
    names = ["bare pass", "grad-cam", "pgc:GradCAM", "captum:LayerGradCam", "pgc:LayerCAM", "two"]
    assert [one.work for one in found.timings] == names * 2
    assert [one.batch for one in found.conditions] == [1, 2]
    assert all(len(one.samples) == 2 for one in found.timings if one.work != "bare pass")
    assert found.timings[5].specs == ("layer-cam", "grad-cam")
    table = pd.read_csv("there/timing.csv")
    assert table["spec"].tolist() == names * 2
    assert table["faster_than_pgc"].notna().sum() == 4
    assert {path.name for path in Path("there").iterdir()} == {
        "timing.json", "timing.csv", "timing.md", "times.png", "times.svg",
    }  # fmt: skip
    assert "vgg-small (fc head, relu, weights none), 32x32, batch 2, cpu, fp32" in text
    assert "Open there/times.png next" in text


def test_a_folder_that_is_there_is_never_written_to_again(bench):
    Path("there").mkdir()
    code, _, messages = bench("--methods", "grad-cam", "--out", "there")
    assert code == 2
    assert "there is there already, and timings of two days are never joined" in messages
    assert not list(Path("there").iterdir())


def test_targets_are_printed_beside_their_numbers(bench):
    code, text, messages = bench("--targets", "gradient", "--network", "vgg-small", "--batch-sizes", "1")
    assert code == 0, messages
    assert "all gradient-weighted methods  32x32, batch 1, cpu fp32" in text
    (folder,) = Path("results/timings").iterdir()
    (verdict,) = json.loads((folder / "timing.json").read_text())["verdicts"]
    assert verdict["limit"] == 1.4


def test_the_memory_of_a_run_is_judged_without_any_time(bench):
    code, text, messages = bench(
        "--targets", "memory", "--network", "vgg-small", "--batch-sizes", "1", "--out", "there"
    )
    assert code == 0, messages
    (verdict,) = json.loads(Path("there/timing.json").read_text())["verdicts"]
    assert verdict["limit"] == 1.05
    assert "Open there/timing.md next" in text


def test_growth_is_fitted_and_drawn(bench, monkeypatch):
    from bench.timing import scaling

    monkeypatch.setattr(scaling, "BATCHES", (1, 2))
    monkeypatch.setattr(scaling, "AREAS", (1, 4))
    monkeypatch.setattr(scaling, "COUNTS", (1, 2))
    monkeypatch.setattr(scaling, "WIDTHS", {"eighth": 8, "quarter": 4})
    code, text, messages = bench("--scaling", "--methods", "lt-grad-cam", "--out", "there", "--threads", 1)
    assert code == 0, messages
    growths = read(Path("there/timing.json")).growths
    assert {(one.work, one.axis) for one in growths} == {
        *((work, axis) for work in ("bare pass", "lt-grad-cam@50") for axis in
          ("pixels", "images", "channels of the last stage")),
        ("gradient-weighted methods", "methods at once"),
        ("lt-grad-cam", "δ at once"),
    }  # fmt: skip
    assert Path("there/scaling.png").is_file()
    assert "Exponent" in text


def test_a_lower_precision_stands_beside_the_full_one(bench):
    code, text, messages = bench("--methods", "grad-cam", "--precision", "fp32,tf32,bf16", "--devices", "cpu")
    assert code == 0, messages
    assert "Left out: tf32 on the cpu" in text
    assert "cpu, bf16" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--precision", "tf32"), "tf32 is for GPUs"),
        (("--precision", "fp8"), "there is no precision 'fp8'; write fp32, tf32, bf16"),
        (("--devices", "tpu"), "there is no device 'tpu'"),
        (("--together", "grad-cam"), "write NAME=METHODS"),
        (("--together", "full-grad=grad-cam"), "that is the name of a method; give the group another"),
        (("--together", "two=grad-cam", "--scaling"), "exclude each other"),
        (("--targets", "ra", "--scaling"), "exclude each other"),
        (("--batch-sizes", "0"), "write whole numbers above 0"),
        (("--input-sizes", "big"), "--input-sizes big: write HEIGHTxWIDTH"),
        (("--targets", "grad"), "there is no target 'grad'"),
        (("--methods", "gradcam"), "did you mean grad-cam"),
    ],
)
def test_a_mistake_is_told_before_anything_is_timed(bench, arguments, said):
    code, _, messages = bench("--devices", "cpu", *arguments)
    assert code == 2
    assert said in messages
    assert not Path("results").exists()


def test_where_there_is_no_gpu_it_is_said(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BenchError, match="there is no GPU here that torch can use; write --devices cpu"):
        read_devices("cpu,cuda")
    assert read_devices("") == [torch.device("cpu")]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [one.type for one in read_devices("cpu, cuda")] == ["cpu", "cuda"]
    assert [one.type for one in read_devices("")] == ["cuda"]


def test_lists_are_read():
    assert read_sizes("640x224, 32x32") == [(640, 224), (32, 32)]
    assert read_numbers("1, 8, 1") == [1, 8]
    assert read_precisions("fp32, bf16") == ["fp32", "bf16"]
