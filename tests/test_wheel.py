"""The wheel beside a distribution of somebody else that has a package called `datasets` too."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bench", "methods", "datasets", "results", "reports")
OWNER = "somebody else"
THEIRS = {
    "datasets/__init__.py": f"OWNER = {OWNER!r}\n",
    "datasets/table.py": f"OWNER = {OWNER!r}\n",
    "datasets/arrow.py": "",
}
INFO = "datasets-9.9.dist-info"
BOTH = """
{imports}
assert datasets.OWNER == "somebody else"
assert bench.own.datasets.__name__ == "bench.own.datasets"
print(len(bench.own.datasets.DATASETS))
"""


class Environment:
    """A fresh environment that sees the libraries of this one, but nothing that is installed editable here."""

    def __init__(self, folder):
        venv.create(folder / "venv")
        self.folder = folder
        self.programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.programs / "python"
        self.site = Path(self.run(self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (self.site / "libraries.pth").write_text("\n".join(here))

    def run(self, *command):
        """Run a command in a folder that holds no package of ours, and return what it prints."""
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=self.folder, env=variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pip(self, *arguments):
        self.run(sys.executable, "-m", "pip", "--python", self.python, *arguments)

    def install(self, wheel):
        # What is installed here, CAM bench itself among it, is no reason to install nothing there.
        self.pip("install", "--ignore-installed", "--no-index", "--no-deps", wheel)

    def files(self, folder=""):
        """Return what is installed below `folder`, by name."""
        paths = [path for path in (self.site / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        return {path.relative_to(self.site).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Our wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def their_wheel(tmp_path_factory):
    """A distribution called datasets that is not ours, and has a module that is called like one of ours."""
    found = tmp_path_factory.mktemp("theirs") / "datasets-9.9-py3-none-any.whl"
    info = {
        f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: datasets\nVersion: 9.9\n",
        f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with ZipFile(found, "w") as archive:
        for name, text in (THEIRS | info).items():
            archive.writestr(name, text)
        record = [*THEIRS, *info, f"{INFO}/RECORD"]
        archive.writestr(record[-1], "".join(f"{name},,\n" for name in record))
    return found


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path)


def test_the_wheel_holds_every_file_of_the_packages_in_one_folder(wheel):
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    own = {path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts}
    outputs = ("results/runs/", "results/timings/")
    kept = {f"cam-bench/{name}" for name in own if not name.startswith(outputs)}
    assert names == kept | {"cam-bench/README.md", "cam-bench.pth"}


def test_alone_it_runs_and_its_datasets_go_by_their_name(environment, wheel):
    empty = environment.files()
    environment.install(wheel)
    code = "from bench.own import datasets; print(datasets.__name__, datasets.__file__)"
    inside = environment.site / "cam-bench" / "datasets" / "__init__.py"
    assert environment.run(environment.python, "-c", code).split() == ["datasets", str(inside)]
    assert environment.run(environment.programs / "cam-bench", "--version") == "0.1.0\n"
    environment.pip("uninstall", "-y", "cam-bench")
    assert environment.files() == empty


@pytest.mark.parametrize("ours_first", [True, False], ids=["ours first", "theirs first"])
def test_beside_another_package_called_datasets_both_work_and_each_goes_without_the_other(
    environment, wheel, their_wheel, ours_first
):
    for one in (wheel, their_wheel) if ours_first else (their_wheel, wheel):
        environment.install(one)
    assert "synthetic" in environment.run(environment.python, "-m", "bench", "list", "datasets")
    imports = ["import bench.own", "import datasets"]
    code = BOTH.format(imports="\n".join(imports if ours_first else imports[::-1]))
    assert int(environment.run(environment.python, "-c", code)) > 5
    environment.pip("uninstall", "-y", "cam-bench")
    assert environment.files("datasets") == {name: text.encode() for name, text in THEIRS.items()}
    assert sorted(environment.site.glob("cam*")) == []
    assert (
        environment.run(environment.python, "-c", "import datasets.table; print(datasets.OWNER)") == "somebody else\n"
    )
