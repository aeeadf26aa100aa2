"""The look that all figures share."""

import subprocess
import sys

import pytest
from matplotlib.colors import to_rgb

from reports import style

PROGRAM = """
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from reports import effects_figure, sweep_figure
from tests.helpers.main_effects import FOUND
from tests.helpers.sweeps import sweep

own = plt.figure()
folder = Path(sys.argv[1])
sweep_figure.draw(sweep(), folder / "sweep.png")
effects_figure.draw(FOUND, folder / "effects.png")
assert plt.gcf() is own and plt.get_fignums() == [own.number]
assert matplotlib.get_backend() == "svg"
"""


def test_a_program_that_draws_reports_keeps_its_own_figures_and_backend(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"sweep.png", "sweep.pdf", "effects.png"}


def test_lines_of_one_panel_have_colours_and_markers_that_differ():
    assert len(set(style.SERIES)) == len(style.SERIES) == 7
    assert len(set(style.MARKERS)) == len(style.MARKERS) == len(style.SERIES) + 1


@pytest.mark.parametrize("grey", [style.PALE, style.GREY, style.DARK])
def test_greys_are_grey(grey):
    red, green, blue = to_rgb(grey)
    assert red == green == blue
