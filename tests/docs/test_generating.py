"""Pages that are made: a method, an option or a dataset has its place the moment it exists."""

import re

import pytest

from docs.generating.baselines import baselines
from docs.generating.commands import commands
from docs.generating.methods import pages, write_method
from methods import alias, gradient_method
from methods.registry import ALIASES, METHODS, WRAPPERS


@pytest.fixture
def new_method():
    before = [(registry, dict(registry)) for registry in (METHODS, ALIASES)]

    @gradient_method("new-cam", layers="stages", paper="Author 2026, eq. 1")
    def new_cam(activation, gradient, *, power=2.0):
        """Σ_k g_k^p A_k, p the power."""
        return (gradient.relu() ** power * activation).sum(1)

    alias("lt-new-cam", "new-cam+lt")
    yield "new-cam"
    for registry, entries in before:
        registry.clear()
        registry.update(entries)


def test_every_method_alias_and_wrapper_has_a_page():
    assert {page.name for page in pages()} == {*METHODS, *ALIASES, *WRAPPERS}
    assert len({page.file for page in pages()}) == len(pages())


def test_a_new_method_and_its_alias_have_pages_with_picture_and_cost(tmp_path, new_method):
    for page in [page for page in pages() if new_method in page.name]:
        write_method(page, tmp_path)
    text = (tmp_path / "methods" / "new-cam.md").read_text(encoding="utf-8")
    assert "Author 2026, eq. 1" in text
    assert "`[power=2.0]`" in text
    assert "| Work | 2.0 forward passes" in text
    assert "[lt-new-cam](lt-new-cam.md)" in text
    assert "No baseline of the suite holds it yet." in text
    assert (tmp_path / "methods" / "pictures" / "new-cam.png").stat().st_size > 10_000
    assert "`new-cam+lt`" in (tmp_path / "methods" / "lt-new-cam.md").read_text(encoding="utf-8")


def test_a_method_without_an_answer_on_the_network_has_a_page_without_a_picture(tmp_path):
    (page,) = [page for page in pages() if page.name == "cam"]
    write_method(page, tmp_path)
    text = (tmp_path / "methods" / "cam.md").read_text(encoding="utf-8")
    assert "so there is no picture" in text
    assert "has no answer here: the network does not end in global average pooling" in text
    assert not (tmp_path / "methods" / "pictures").exists()


def test_the_scores_of_a_method_are_those_of_its_baselines():
    score = {one.name: one.of({"ra-cam@50"})[0] for one in baselines()}
    assert score["ksdd-fc"].iou.startswith("24.21 [")
    assert score["ksdd-fc"].place == 1
    assert score["ksdd-fc"].published == "25.20"
    assert "1st in IoU" in score["synthetic"].strengths


def test_every_command_and_its_options_are_listed():
    found = {command.name: command for command in commands()}
    assert {"run", "try", "baseline add", "list methods"} <= set(found)
    assert "--methods" in " ".join(option.written for option in found["run"].options)
    assert all(command.help for command in found.values())
    assert not any("\n" in option.help for command in found.values() for option in command.options)


WITHOUT_EQUATION = {"random", "every-pixel"}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_docstring_begins_with_the_equation_if_there_is_one(page):
    assert bool(re.search(r"Σ|·| v\b|exp|ReLU\(", page.summary)) == (page.name not in WITHOUT_EQUATION)
