"""Commands of the suite through their entry point: in this process, or in one of their own that imports it all."""

import os
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import NamedTuple

import pytest

from bench.__main__ import main
from bench.provenance import ROOT
from tests.helpers.plain_registries import restored


class Done(NamedTuple):
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@contextmanager
def working_in(folder):
    """Make `folder` the current one, with a cache of its own and no datasets elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("CAM_BENCH_DATA", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("COLUMNS", "100")
        yield


def call(*arguments, code=0):
    """Call a command in this process; it has to end with `code`, or as it likes where that is None."""
    out, err = StringIO(), StringIO()
    with restored(), redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return _ended(Done(ended.value.code or 0, out.getvalue(), err.getvalue()), code)


def call_apart(*arguments, code=0):
    """Call a command in a process of its own."""
    command = [sys.executable, "-m", "bench", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    return _ended(Done(done.returncode, done.stdout, done.stderr), code)


def python(folder, *arguments, first=()):
    """Run Python in `folder`, with the folders `first` before everything else that can be imported."""
    paths = [*map(str, first), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=folder, env=variables)


def _ended(done, code):
    assert code in {None, done.code}, done.stdout + done.stderr
    return done
