"""README says what is so: its results are those of the baselines, its method is a method."""

import pytest

from bench.plugins import load_plugins
from docs.examples import examples
from docs.generating.readme import README, with_results
from methods.registry import ALIASES, METHODS
from methods.spec import parse

TEXT = README.read_text(encoding="utf-8")


@pytest.fixture
def restored():
    before = [(registry, dict(registry)) for registry in (METHODS, ALIASES)]
    yield
    for registry, entries in before:
        registry.clear()
        registry.update(entries)


def test_the_results_are_those_of_the_baselines():
    assert with_results(TEXT) == TEXT
    assert TEXT.count("| `ra-cam@50` |") == 1


def test_a_number_that_is_changed_by_hand_is_found():
    changed = TEXT.replace("24.21", "42.21")
    assert changed != TEXT
    assert with_results(changed) == TEXT


def test_the_method_that_it_shows_is_a_whole_one_in_under_ten_lines(tmp_path, restored):
    (example,) = [one for one in examples(TEXT) if one.file == "my_cam.py"]
    (tmp_path / "my_cam.py").write_text(example.code)
    load_plugins([tmp_path / "my_cam.py"])
    assert parse("my-cam/S2-S4=max+fgbp").layers == "S2-S4"
    assert len([line for line in example.code.splitlines() if line.strip()]) < 10


def test_it_is_read_in_two_minutes():
    assert len(TEXT.split()) < 1000
