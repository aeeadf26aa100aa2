"""README says what is so: its tables are those of the baselines, its method is a method."""

import re

import pytest

from bench.plugins import load_new, load_plugins
from methods.registry import ALIASES, METHODS
from methods.spec import parse
from reports.readme import ROOT, with_tables

README = (ROOT / "README.md").read_text()


@pytest.fixture
def restored():
    before = [(registry, dict(registry)) for registry in (METHODS, ALIASES)]
    yield
    for registry, entries in before:
        registry.clear()
        registry.update(entries)


def test_the_tables_are_those_of_the_kept_runs():
    assert with_tables(README) == README
    assert README.count("| `ra-cam@50` |") == 2


def test_the_method_that_it_shows_is_a_whole_one_in_under_ten_lines(tmp_path, restored):
    (block,) = re.findall(r"```python\n# my_cam\.py\n(.*?)```", README, re.DOTALL)
    (tmp_path / "my_cam.py").write_text(block)
    load_plugins([tmp_path / "my_cam.py"])
    assert parse("my-cam/S2-S4=max+fgbp").layers == "S2-S4"
    assert len([line for line in block.splitlines() if line.strip()]) < 10


def test_the_variant_that_it_tries_is_a_whole_one(tmp_path, restored):
    (block,) = re.findall(r"```python\n# sharp_cam\.py\n(.*?)```", README, re.DOTALL)
    (tmp_path / "sharp_cam.py").write_text(block)
    assert load_new(tmp_path / "sharp_cam.py") == ["sharp-cam", "sharp-ra-cam"]
    assert str(parse("sharp-ra-cam")) == "sharp-ra-cam@50"


def test_the_files_that_it_links_exist():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
