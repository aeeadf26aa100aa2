"""The tables, the CSV and the pictures of timings say what was measured, and on what."""

import math
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from reports import timing_figures
from reports.timing_figures import draw, frontier
from reports.timing_table import frame, markdown, notes, terminal, verdict_table
from results.errors import ResultError
from results.store.timings import BARE, SCOPES, Conditions, Deviation, Sample, Timing, Timings, Verdict, growth

HERE = Conditions("cpu", "fp32", "vgg-small (fc head, relu, weights none)", 128, 128, 2)
LOW = replace(HERE, precision="bf16")
MACHINE = {
    "date": "2026-01-02T03:04:05+00:00",
    "processor": "Some CPU",
    "cores": 2,
    "clock_mhz": 2600,
    "memory_bytes": 2**34,
    "threads": 2,
    "load": 0.5,
    "versions": {"python": "3.11", "torch": "2.15", "platform": "Linux"},
    "commit": "0123456789abcdef",
    "dirty": False,
}


def timing(work, seconds, *, conditions=HERE, library="", stands_for=(), **others):
    parts = {} if library or work == BARE else dict.fromkeys(SCOPES, seconds / 8)
    samples = [Sample(seconds * f, seconds * f, parts, 0.1, 0.1) for f in (0.9, 1.0, 1.2)]
    specs = () if work == BARE else tuple(work.split(" and "))
    return Timing(work, specs, library, stands_for, conditions, tuple(samples), **others)


@pytest.fixture
def timings():
    return Timings(
        MACHINE,
        (
            timing(BARE, 0.1),
            timing("grad-cam", 0.08, peak_bytes=12_000_000, flops=3 * 10**9),
            timing("layer-cam and full-grad", 0.15),
            timing("pgc:GradCAM", 0.2, library="pgc", stands_for=("grad-cam",)),
            replace(timing("cam", 1.0), samples=(), reason="NotApplicableError: no pooling"),
            timing(BARE, 0.05, conditions=LOW),
            timing("grad-cam", 0.04, conditions=LOW, deviation=Deviation(0.0123, 0.987)),
        ),
        {"cpu fp32": 1e11},
        ("tf32 on the cpu: it is a precision of GPUs",),
        (
            Verdict("grad-cam", HERE, 0.8, 1.4, True, "bare passes"),
            Verdict("x", HERE, math.nan, 6, False, "times faster"),
        ),
    )


def shown(table):
    console = Console(width=100, file=StringIO())
    console.print(table)
    return console.file.getvalue()


def row(text, name):
    (found,) = [line for line in text.splitlines() if line.startswith(name)]
    return found[len(name) :].split()


def test_the_first_table_has_times_and_multiples(timings):
    times, _ = map(shown, terminal(timings, HERE))
    assert row(times, "grad-cam") == ["80.0", "76.0", "to", "88.0", "0.80", "0.80", "0.80", "25.0", "2.5", "–"]
    assert row(times, BARE)[4:6] == ["1.00", "1.00"]
    assert row(times, "cam")[:2] == ["failed", "–"]


def test_the_second_table_has_parts_and_leaves_out_what_nobody_knows(timings):
    _, parts = map(shown, terminal(timings, HERE))
    assert row(parts, "grad-cam") == ["10.0", "10.0", "10.0", "10.0", "12", "3.0", "38"]
    assert "Rank" not in parts
    _, low = map(shown, terminal(timings, LOW))
    assert row(low, "grad-cam")[-2:] == ["0.0123", "0.9870"]


def test_no_line_is_wider_than_the_terminal(timings):
    for table in (*terminal(timings, HERE), *terminal(timings, LOW), verdict_table(timings.verdicts)):
        assert "…" not in shown(table)


def test_verdicts_stand_beside_their_targets(timings):
    text = shown(verdict_table(timings.verdicts))
    assert " ".join(row(text, "grad-cam")) == "128x128, batch 2, cpu fp32 0.80 at most 1.4 bare passes yes"
    assert " ".join(row(text, "x")) == "128x128, batch 2, cpu fp32 – at least 6 times faster no"


def test_the_machine_stands_with_the_numbers(timings):
    text = " ".join(notes(timings))
    for fact in ("2026-01-02", "Some CPU", "2 cores at 2600 MHz", "16 GiB", "2 threads", "load 0.5", "torch 2.15",
                 "commit 0123456789.", "cpu fp32 100 GFLOP/s", "Left out: tf32 on the cpu"):  # fmt: skip
        assert fact in text
    assert (
        "cam (vgg-small (fc head, relu, weights none), 128x128, batch 2, cpu, fp32) could not be run: NotAppl" in text
    )
    gpu = {"name": "Some GPU", "memory_bytes": 2**36, "cuda": "13.2"}
    assert "Some GPU, 64 GiB, CUDA 13.2" in notes(replace(timings, machine=MACHINE | {"gpu": gpu}))[0]


def test_markdown_has_every_table(timings):
    text = markdown(timings)
    assert "| grad-cam | 128x128, batch 2, cpu fp32 | 0.80 | at most 1.4 bare passes | yes |" in text
    assert "| x | 128x128, batch 2, cpu fp32 | – | at least 6 times faster | no |" in text
    assert text.count("| `grad-cam` |") == 2
    assert "| layer-cam and full-grad |" in text


def test_a_row_of_the_csv_says_on_what_it_was_measured(timings):
    table = frame(timings)
    assert {"spec", "median_seconds", "multiple"} < set(table.columns)
    (first, low) = table[table["spec"] == "grad-cam"].to_dict("records")
    assert first["median_seconds"] == pytest.approx(0.08)
    assert first["multiple"] == pytest.approx(0.8)
    assert first["faster_than_pgc"] == pytest.approx(2.5)
    assert (first["precision"], low["precision"]) == ("fp32", "bf16")
    assert (first["processor"], first["threads"], first["date"]) == ("Some CPU", 2, MACHINE["date"])
    assert low["rank_correlation"] == 0.987


def test_pictures_are_png_and_svg(timings, tmp_path):
    assert draw(timings, tmp_path) == [tmp_path / "times.png"]
    growths = (growth("pixels", "a", [(1.0, 1.0), (2.0, 2.0)]), growth("images", "a", [(1.0, 1.0), (2.0, 3.0)]))
    assert draw(replace(timings, growths=growths), tmp_path) == [tmp_path / "scaling.png"]
    svg = (tmp_path / "times.svg").read_text()
    assert "<svg" in svg
    assert {path.name for path in tmp_path.iterdir()} == {"times.png", "times.svg", "scaling.png", "scaling.svg"}


def test_the_frontier_holds_what_nothing_beats():
    assert frontier([(2, 5), (1, 3), (3, 5), (4, 9), (1, 2)]) == [(1, 3), (2, 5), (4, 9)]


def test_iou_is_drawn_beside_times_of_the_same_network_and_size(timings, tmp_path):
    run = timing_figures.Path(__file__).resolve().parents[2] / "results/baselines/synthetic"
    assert draw(timings, tmp_path, run)[1] == tmp_path / "pareto.png"
    elsewhere = tuple(replace(one, conditions=replace(one.conditions, height=64)) for one in timings.timings)
    with pytest.raises(ResultError, match="which was not timed; add --network vgg-small --head fc"):
        draw(replace(timings, timings=elsewhere), tmp_path, run)
    unknown = tuple(replace(one, work=one.work + "?") for one in timings.timings)
    with pytest.raises(ResultError, match="has none of the methods that were timed"):
        draw(replace(timings, timings=unknown), tmp_path, run)
