"""Libraries that do not fit, names that others hide, and what a run says of its surroundings."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import provenance
from bench.errors import BenchError
from bench.provenance import ROOT, commit, import_torchvision, versions
from tests.helpers.command_line import python


@pytest.fixture
def elsewhere(tmp_path):
    """A folder that is not the checkout."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_a_torchvision_that_does_not_fit_torch_is_said_so(tmp_path, elsewhere):
    package = tmp_path / "site" / "torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('raise RuntimeError("operator torchvision::nms does not exist")\n')
    done = python(elsewhere, "-m", "bench", "list", "layers", "--network", "vgg11", first=[package.parent])
    assert done.returncode == 2
    assert done.stderr.startswith("error: torch and torchvision do not fit each other here (torch 2.")
    for part in ("operator torchvision::nms does not exist", "--force-reinstall torch torchvision"):
        assert part in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("error", [RuntimeError, ImportError])
def test_every_way_in_which_torchvision_fails_is_caught(monkeypatch, error):
    def fail(name):
        raise error(f"no {name}")

    monkeypatch.setattr(provenance.importlib, "import_module", fail)
    with pytest.raises(BenchError, match=r"do not fit each other .*no torchvision"):
        import_torchvision()


@pytest.mark.parametrize("name", ["methods", "results", "reports"])
def test_a_package_that_hides_one_of_ours_ends_the_command_line_with_advice(tmp_path, elsewhere, name):
    package = tmp_path / "site" / name
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    done = python(elsewhere, "-m", "bench", "--version", first=[package.parent])
    assert (done.returncode, done.stdout) == (2, "")
    for part in (f"error: the import name '{name}' does not lead to {ROOT / name}", "virtual environment"):
        assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_line_works_from_another_folder(elsewhere):
    done = python(elsewhere, "-m", "bench", "--version")
    assert (done.returncode, done.stderr) == (0, "")


def test_versions_name_what_a_number_can_depend_on():
    found = versions()
    assert {"python", "platform", "torch", "torchvision", "numpy", "pandas", "pillow"} <= set(found)
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["torch"].startswith("2.")


def test_a_library_that_is_not_there_is_said_so(monkeypatch):
    monkeypatch.setattr(provenance, "LIBRARIES", ("no-such-library",))
    assert versions()["no-such-library"] == "not installed"


def test_the_commit_is_unknown_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert commit() == ("", False)


def test_the_commit_is_unknown_outside_of_a_checkout(monkeypatch, elsewhere):
    monkeypatch.setattr(provenance, "ROOT", elsewhere)
    assert commit() == ("", False)


def test_a_changed_file_makes_the_checkout_dirty(monkeypatch, elsewhere):
    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(elsewhere), *who, *arguments], check=True, capture_output=True)

    monkeypatch.setattr(provenance, "ROOT", elsewhere)
    git("init")
    (elsewhere / "code.py").write_text("one\n")
    git("add", "code.py")
    git("commit", "-m", "one")
    head, dirty = commit()
    assert len(head) == 40
    assert not dirty
    (elsewhere / "notes.txt").write_text("not in the checkout\n")
    assert commit() == (head, False)
    (elsewhere / "code.py").write_text("two\n")
    assert commit() == (head, True)


def test_the_root_is_the_checkout():
    assert Path(provenance.__file__).parent == ROOT / "bench"
