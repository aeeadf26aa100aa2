"""A method, a dataset and a metric are added by a file each, as the documentation says: beside the suite and in it."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.provenance import OWN_PACKAGES, ROOT
from docs.examples import examples
from tests.helpers.command_line import python


def documented(page, name):
    """Return the file `name` of a page about adding."""
    text = (ROOT / "docs" / "pages" / "adding" / page).read_text(encoding="utf-8")
    (found,) = [one.code for one in examples(text) if one.file == name]
    return found


METHOD, DATASET = documented("method.md", "my_cam.py"), documented("dataset.md", "tiles.py")
FILES = {"my_cam.py": METHOD, "tiles.py": DATASET, "specificity.py": documented("metric.md", "specificity.py")}
QUICK = ("--recipe", "epochs=1,batch=8", "--device", "cpu", "--json")
# What the suite's own tests need of a method and of a dataset, and how its modules write what others write.
TWIN = '''
from tests.helpers.twins.arithmetic import weighted_sum
from tests.helpers.twins.registry import gradient_twin


@gradient_twin("my-cam")
def my_cam(a, g):
    """Σ_k w_k A_k, w_k the largest value of ReLU(g_k)."""
    return weighted_sum([max(0.0, *channel.ravel()) for channel in g], a)
'''
FAKE_TREE = '''

@datasets.fake_tree("tiles")
def fake_tiles(root):
    """Write fifteen tiles, each with two good and two defective images."""
    for tile in "ABCDEFGHIJKLMNO":
        for number in (1, 2):
            image = root / tile / f"bad-{tile}{number}.png"
            datasets.fake_files.write_good(root / tile / f"ok-{tile}{number}.png")
            datasets.fake_files.write_defective(image, image.with_suffix(".mask.png"))
'''
INSIDE = {
    "from bench.own import datasets": "from .. import errors, fake_files, registry, table",
    "datasets.DatasetError": "errors.DatasetError",
    "datasets.dataset": "registry.dataset",
    "datasets.fake_files": "fake_files",
    "datasets.fake_tree": "registry.fake_tree",
    "datasets.GOOD": "table.GOOD",
    "datasets.rows_of": "table.rows_of",
    "datasets.sample_table": "table.sample_table",
}


@dataclass(frozen=True)
class Place:
    """A folder of one's own, with folders before all that Python imports from."""

    folder: Path
    first: tuple[Path, ...] = ()

    def python(self, *arguments):
        done = python(self.folder, *arguments, first=self.first)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CAM_BENCH_DATA", str(tmp_path / "data"))
    (tmp_path / "make_tiles.py").write_text(documented("dataset.md", "make_tiles.py"))
    made = Place(tmp_path)
    made.python("make_tiles.py")
    return made


def check_run(place, *options):
    """Run the method on the dataset, and find both, and the metric, in what is told."""
    command = ("run", "--dataset", "tiles", "--methods", "my-cam,every-pixel", *options, *QUICK)
    told = json.loads(place.python("-m", "bench", *command))
    rows = {row["method"]: row for row in told["rows"]}
    assert rows.keys() == {"my-cam", "every-pixel"}
    assert rows["my-cam"]["images"] == 12
    assert 0 <= rows["my-cam"]["iou"] <= 1
    # Every pixel of an image but one is predicted positive there.
    assert rows["every-pixel"]["specificity"] < 0.01 < rows["my-cam"]["specificity"]
    run = place.folder / told["run"]
    assert json.loads((run / "manifest.json").read_text())["dataset"] == "tiles"
    assert "| `my-cam` |" in (run / "table.md").read_text()


def test_three_files_are_a_method_a_dataset_and_a_metric(place):
    for name, text in FILES.items():
        (place.folder / name).write_text(text)
    check_run(place, *(word for name in FILES for word in ("--plugin", name)))


def test_an_installed_package_brings_them_without_an_option(place):
    site = place.folder / "site"
    package, metadata = site / "my_package", site / "my_package-1.0.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    for name, text in {"__init__.py": "", **FILES}.items():
        (package / name).write_text(text)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[cam_bench.methods]\nmethod = my_package.my_cam\nmetric = my_package.specificity\n"
        "[cam_bench.datasets]\ndataset = my_package.tiles\n"
    )
    installed = Place(place.folder, (site,))
    check_run(installed)
    assert "my-cam" in installed.python("-m", "bench", "list", "methods")
    assert "tiles" in installed.python("-m", "bench", "list", "datasets")
    assert "60 images of 15 items at 64x64, no faults" in installed.python("-m", "bench", "verify", "tiles")


@pytest.fixture
def suite(tmp_path):
    """A copy of the suite and its tests, to which a method and a dataset were added."""
    for package in (*OWN_PACKAGES, "tests"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "baselines"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "methods" / "catalogue" / "my_cam.py").write_text(
        METHOD.replace("from methods import", "from methods.registry import")
    )
    (tmp_path / "tests" / "helpers" / "twins" / "my_cam.py").write_text(TWIN)
    text = DATASET + FAKE_TREE
    for outside, inside in INSIDE.items():
        text = text.replace(outside, inside)
    (tmp_path / "datasets" / "catalogue" / "tiles.py").write_text(text)
    return Place(tmp_path, (tmp_path,))


def test_in_the_suite_a_method_is_a_file_and_its_twin_and_a_dataset_is_a_module(suite):
    """The tests of all methods and datasets find what is new by themselves."""
    tests = ("tests/methods/catalogue/test_twins.py", "tests/datasets/catalogue/test_contract.py")
    chosen = "my-cam or tiles or every_method_has or every_dataset_is"
    told = suite.python("-m", "pytest", "-q", *tests, "-k", chosen)
    assert int(told.splitlines()[-1].split()[0]) > 30, told
