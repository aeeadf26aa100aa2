"""Pictures: the kinds that can be written, and the same bytes each time."""

from pathlib import Path

import pytest

from reports.saving import SUFFIXES, check_picture, save
from reports.style import new_figure
from results.errors import ResultError


def figure():
    made = new_figure(1, 1)
    axis = made.subplots()
    axis.plot([1, 2], label="δ")
    axis.legend()
    return made


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_the_same_figure_is_the_same_file(tmp_path, suffix):
    first, second = (save(figure(), tmp_path / name / f"a{suffix}").read_bytes() for name in ("one", "two"))
    assert first == second
    assert len(first) > 1000


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.csv", ".png"])
def test_names_of_other_files_are_refused_in_our_own_words(name):
    with pytest.raises(ResultError, match=r"is no name of a picture: let it end in .png, .pdf"):
        check_picture(Path(name))


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".PNG"])
def test_pictures_are_let_through(suffix):
    assert check_picture(Path(f"a{suffix}")) == Path(f"a{suffix}")
