"""Every example of the documentation runs as it stands."""

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from docs.examples import examples, run

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs" / "pages").rglob("*.md"))]
IN_A_CLONE = "<!-- examples begin in a clone -->"
WITH_EXAMPLES = [page for page in PAGES if any(examples(page.read_text(encoding="utf-8")))]


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """A cache as on a new machine, which all pages share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environment(tmp_path, cache):
    """Variables of an environment that has what this one has, and in which examples may install more."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=True)
    paths = {"base": str(folder), "platbase": str(folder)}
    inside = Path(sysconfig.get_path("purelib", "venv", paths))
    (inside / "outer.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n", encoding="utf-8")
    programs = sysconfig.get_path("scripts", "venv", paths)
    return os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "XDG_CACHE_HOME": str(cache)}


@pytest.mark.examples
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_a_page_run(page, tmp_path, environment):
    folder = tmp_path / "work"
    if page == README or IN_A_CLONE in page.read_text(encoding="utf-8"):
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
    else:
        folder.mkdir()
    command = ["python", str(ROOT / "docs" / "examples.py"), str(page)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_blocks_are_written_run_or_left_out_as_the_page_says():
    text = """
```python
# my/file.py
a = 1
```

<!-- not run: it needs a GPU -->
```sh
false
```

```sh
echo
```

```text
output
```
"""
    assert [(one.file, one.language, one.code, one.line) for one in examples(text)] == [
        ("my/file.py", "python", "# my/file.py\na = 1\n", 3),
        ("", "sh", "echo\n", 13),
    ]


def test_an_example_that_fails_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    for wrong in ("```sh\nfalse | cat\n```", "```python\nassert False\n```", "```sh\ncat nowhere\ntrue\n```"):
        page.write_text(wrong)
        with pytest.raises((AssertionError, subprocess.CalledProcessError)):
            run(page)
