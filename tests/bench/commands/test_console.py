"""What the terminal is told while a run goes on."""

import io
import re

import pytest
from rich.console import Console
from rich.progress import Progress

from bench.classifiers.networks import NetworkConfig
from bench.commands.console import MOST_FAULTS, ConsoleReporter, columns, messages, reporting
from bench.runs.budget import Cost
from methods import parse
from tests.helpers.cards import PLAN


@pytest.fixture(autouse=True)
def _as_before(monkeypatch):
    monkeypatch.setattr(messages, "quiet", False)


def test_many_faults_are_cut_short(capsys):
    with reporting() as reporter:
        reporter.faults("mine", tuple(f"fault [bold]{number}" for number in range(MOST_FAULTS + 3)))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "fault [bold]0"
    assert lines[-1] == "3 more faults: python -m bench verify mine lists all"
    assert len(lines) == MOST_FAULTS + 1


def test_costs_are_told_with_what_is_left_out(capsys):
    costs = [Cost(parse(spec), passes, 2.0, images) for spec, passes, images in (("cam", 3, 5), ("score-cam", 64, 90))]
    with reporting() as reporter:
        reporter.costs(costs, costs[:1])
    assert capsys.readouterr().err.splitlines() == [
        "cam: 3 forward passes an image, 5 images, about 10 s",
        "score-cam: 64 forward passes an image, 90 images, about 3 min; left out, since it does not fit the budget",
    ]


def test_a_quiet_terminal_is_told_nothing(capsys):
    with reporting(quiet=True) as reporter:
        reporter.faults("tiny", ("damaged image: a",))
        reporter.training(PLAN)(1, 2, "")
        reporter.heatmaps(3)(1)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def shown():
    """A reporter whose clock goes on by a second at every look, and the text that its bar writes."""
    told = io.StringIO()
    console = Console(file=told, force_terminal=True, no_color=True, width=140)
    with Progress(*columns(), console=console, get_time=iter(range(1000)).__next__) as progress:
        yield ConsoleReporter(progress), lambda: (progress.refresh(), told.getvalue())[1]


def test_the_bar_tells_images_a_second_and_the_time_left(shown):
    reporter, text = shown
    advance = reporter.heatmaps(40)
    for _ in range(4):
        advance(5)
    assert re.search(r"heatmaps .*20/40 .* images/s .*0:0\d:\d\d", text())


def test_the_bar_tells_which_classifier_is_trained_and_how_well(shown):
    reporter, text = shown
    plan = PLAN.model_copy(update={"fold": 1, "folds": 5, "network": NetworkConfig(name="vgg16")})
    reporter.training(plan)(3, 12, "validation average precision 0.900")
    assert re.search(rf"training vgg16, fold 2 of 5, seed {plan.seed} .* 3/12 .*precision 0\.900", text())


def test_other_work_is_counted_with_the_name_of_the_last_part(shown):
    reporter, text = shown
    reporter.counting("timing", 7)("layer-cam")
    assert re.search(r"timing .* 1/7 .*layer-cam", text())
