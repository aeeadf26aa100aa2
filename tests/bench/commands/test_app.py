"""The command line as a whole: which commands there are, in which order, and what is imported for them."""

import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from bench.commands import app
from bench.runs.settings import RunSettings
from tests.helpers.command_line import call


def test_help_shows_the_commands_in_panels_in_the_order_in_which_they_are_needed():
    lines = call("--help").stdout.splitlines()
    panels = [line.split()[1] for line in lines if line.startswith("╭─")]
    assert panels == ["Options", "Runs", "Masks", "Data", "Compare", "Time"]
    named = [words[1] for words in map(str.split, lines) if len(words) > 1 and words[1] in app.NAMES]
    assert named == app.NAMES


def test_every_module_of_a_command_is_a_command():
    modules = {path.stem for path in Path(app.__file__).parent.glob("*.py")}
    used = {place.partition(":")[0] for panel in app.COMMANDS.values() for place in panel.values()}
    assert modules - used == {"__init__", "app", "console", "options"}


def functions():
    """Yield every function that is a command, without what decorators make of it."""
    for name in app.NAMES:
        (place,) = [places[name] for places in app.COMMANDS.values() if name in places]
        module, _, attribute = place.partition(":")
        found = getattr(import_module(f"bench.commands.{module}"), attribute)
        commands = [one.callback for one in found.registered_commands] if isinstance(found, typer.Typer) else [found]
        yield from (pytest.param(inspect.unwrap(one), id=f"{name} {one.__name__}") for one in commands)


@pytest.mark.parametrize("function", list(functions()))
def test_a_command_says_what_it_does_in_a_sentence(function):
    first = inspect.getdoc(function).splitlines()[0]
    assert first.endswith(".")
    assert len(first) <= 110


def test_a_command_is_imported_without_the_others():
    code = (
        "import json, runpy, sys\n"
        "sys.argv = ['bench', 'report', '--help']\n"
        "try:\n    runpy.run_module('bench', run_name='__main__')\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('bench.commands.')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded == {f"bench.commands.{name}" for name in ("app", "options", "report")}


def test_a_command_that_there_is_none_of_is_looked_for_among_all():
    """Newer versions of the command line's library name near ones of those that were imported."""
    assert "No such command 'raedings'" in call("raedings", code=2).stderr
    group = typer.main.get_command(app.app)
    assert group.get_command(typer.Context(group), "raedings") is None
    assert list(group.commands) == app.NAMES


def test_run_takes_every_setting_under_its_name():
    text = call("run", "--help").stdout
    assert [name for name in RunSettings.model_fields if f"--{name.replace('_', '-')} " not in text] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--folds", "-1"), ("--folds", "0")),
        (("--seeds", "0"), ("--seeds", "1")),
        (("--head", "none"), ("--head", "fc", "gap")),
        (("--device", "tpu9"), ("device tpu9", "write cpu or cuda")),
        (("--no-one-kind",), ("--no-one-kind",)),
    ],
)
def test_an_option_with_a_wrong_value_ends_with_code_2(tmp_path, monkeypatch, options, words):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    message = call("train", *options, code=2).stderr
    assert all(word in message for word in words), message
