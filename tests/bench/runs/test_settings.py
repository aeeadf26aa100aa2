"""What a user can ask for, and what is said of mistakes."""

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.runs.settings import ExperimentSettings, RunSettings, read_size


def test_values_of_python_become_the_texts_of_the_command_line():
    read = RunSettings.read(
        {"size": (64, 96), "recipe": {"epochs": 2, "batch": 4}, "methods": ["cam", "ra-cam"], "gallery_ids": ("a", "b")}
    )
    texts = {"size": "64x96", "recipe": "epochs=2,batch=4", "methods": "cam,ra-cam", "gallery_ids": "a,b"}
    assert read == RunSettings.read(texts)
    assert {name: getattr(read, name) for name in texts} == texts


def test_one_plug_in_or_image_needs_no_list():
    assert RunSettings.read({"plugin": "mine.py", "image": "a"}) == RunSettings.read(
        {"plugin": [Path("mine.py")], "image": ("a",)}
    )


def test_all_mistakes_are_named_at_once():
    with pytest.raises(BenchError) as error:
        ExperimentSettings.read({"folds": -1, "seeds": 0, "sise": "64x64"})
    assert all(word in str(error.value) for word in ("folds -1: ", "seeds 0: ", "'sise'; did you mean size"))


def test_settings_are_never_changed():
    with pytest.raises(ValueError, match="frozen"):
        RunSettings().folds = 3


def test_every_setting_says_what_it_is():
    assert [name for name, field in RunSettings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("text", ["64", "64x", "x64", "31x64", "64x31", "64x64x3", "64 x 64", "-64x64", "6.4x64"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(BenchError, match=f"input {text}: write HEIGHTxWIDTH in pixels, at least 32 each"):
        read_size(text, "input")


def test_sizes_are_read():
    assert read_size("32x640") == (32, 640)
    assert read_size("") is None
