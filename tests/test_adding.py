"""A method, a dataset and a metric are added by one file each: in a folder of one's own, in a package, in the suite."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.provenance import OWN_PACKAGES, ROOT
from tests.helpers.command_line import python

METHOD = '''"""A method that weights a channel by the largest gradient in it."""

from torch import Tensor

from methods.registry import gradient_method


@gradient_method("peak-cam", layers="last", paper="none: an example")
def peak_cam(activation: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k w_k A_k, w_k the largest value of ReLU(g_k)."""
    weight = gradient.relu().amax((2, 3), keepdim=True)
    return (weight * activation).sum(1)
'''
TWIN = '''"""The twin of methods/catalogue/peak_cam.py."""

from tests.helpers.twins.arithmetic import weighted_sum
from tests.helpers.twins.registry import gradient_twin


@gradient_twin("peak-cam")
def peak_cam(a, g):
    """Σ_k w_k A_k, w_k the largest value of ReLU(g_k)."""
    return weighted_sum([max(0.0, *channel.ravel()) for channel in g], a)
'''
DATASET = '''"""Bolts: good/ID.png, and bad/ID.png with bad/ID_mask.png beside it."""

from pathlib import Path

import pandas as pd

from bench.own import datasets


@datasets.dataset(
    "bolts",
    size=(32, 32),
    licence="CC0",
    citation="none: an example",
    url="https://example.org/bolts",
    archive=datasets.Archive("bolts.zip", inside="good", by_hand="it is an example"),
)
def bolts(root: Path) -> pd.DataFrame:
    """Read the images of both folders; each is an item of its own.

    Raises:
        DatasetError: the folder has another layout, or masks are missing.
    """
    images = sorted(path for path in root.glob("*/*.png") if not path.stem.endswith("_mask"))
    if {path.parent.name for path in images} != {"good", "bad"}:
        raise datasets.DatasetError(f"{root} is not the bolts: it should hold good/000.png, bad/000.png, ...")
    return datasets.sample_table(datasets.rows_of(_row, ((image,) for image in images)), root)


def _row(image: Path) -> dict[str, str]:
    name, mask = f"{image.parent.name}/{image.stem}", image.with_name(f"{image.stem}_mask.png")
    good = image.parent.name == "good"
    if not good and not mask.is_file():
        raise datasets.DatasetError(f"the mask {mask} is missing")
    return {
        "id": name,
        "group": name,
        "split": "",
        "label": datasets.GOOD if good else "defect",
        "image_path": str(image),
        "mask_path": "" if good else str(mask),
    }


@datasets.fake_tree("bolts")
def fake_bolts(root: Path) -> None:
    """Write 15 good and 15 bad bolts."""
    for number in range(15):
        datasets.fake_files.write_good(root / "good" / f"{number:03}.png")
        image = root / "bad" / f"{number:03}.png"
        datasets.fake_files.write_defective(image, image.with_name(f"{number:03}_mask.png"))
'''
INSIDE = {
    "from bench.own import datasets": "from .. import errors, fake_files, registry, table",
    **{f"datasets.{name}": f"registry.{name}" for name in ("dataset", "Archive", "fake_tree")},
    **{f"datasets.{name}": f"table.{name}" for name in ("GOOD", "rows_of", "sample_table")},
    "datasets.DatasetError": "errors.DatasetError",
    "datasets.fake_files": "fake_files",
}
"""What a module of the suite writes for what others write: it imports its own package relatively."""
METRIC = '''"""How much of a sound surface is left alone."""

from results.metrics.formulas import Counts, FloatArray, metric


@metric("specificity", label="Specificity", higher_is_better=True)
def specificity(counts: Counts) -> FloatArray:
    """Share of the pixels beside defects that are not predicted positive."""
    return counts.tn / (counts.tn + counts.fp)
'''
FILES = {"my_method": METHOD, "my_dataset": DATASET, "my_metric": METRIC}
QUICK = ("--recipe", "epochs=1,batch=8", "--device", "cpu", "--json")


@dataclass(frozen=True)
class Place:
    """A folder of one's own, with folders before all that Python imports from."""

    folder: Path
    first: tuple[Path, ...] = ()

    def bench(self, *arguments):
        done = python(self.folder, "-m", "bench", *map(str, arguments), first=self.first)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("CAM_BENCH_DATA", str(tmp_path / "data"))
    return Place(tmp_path)


def write_bolts(place, files):
    """Write the fake tree of the dataset where it is looked for, with what its module registered."""
    lines = (
        "from pathlib import Path",
        "from bench.own import datasets",
        "from bench.plugins import load_plugins",
        f"load_plugins([Path(name) for name in {files}])",
        "datasets.registry.FAKE_TREES[-1].write(Path('data/bolts'))",
    )
    done = python(place.folder, "-c", "\n".join(lines), first=place.first)
    assert done.returncode == 0, done.stderr


def check_run(place, *options):
    """Run the method on the dataset, and find both, and the metric, in what is told."""
    told = json.loads(place.bench("run", "--dataset", "bolts", "--methods", "peak-cam,every-pixel", *options, *QUICK))
    rows = {row["method"]: row for row in told["rows"]}
    assert rows.keys() == {"peak-cam", "every-pixel"}
    assert rows["peak-cam"]["images"] == 6
    assert 0 <= rows["peak-cam"]["iou"] <= 1
    # Every pixel but one in each image is marked there.
    assert rows["every-pixel"]["specificity"] < 0.01 < rows["peak-cam"]["specificity"]
    run = place.folder / told["run"]
    assert json.loads((run / "manifest.json").read_text())["dataset"] == "bolts"
    assert "| `peak-cam` |" in (run / "table.md").read_text()


def test_three_files_are_a_method_a_dataset_and_a_metric(place):
    for name, text in FILES.items():
        (place.folder / f"{name}.py").write_text(text)
    write_bolts(place, ["my_dataset.py"])
    check_run(place, *(word for name in FILES for word in ("--plugin", f"{name}.py")))


def test_an_installed_package_brings_them_without_an_option(place):
    site = place.folder / "site"
    package, metadata = site / "my_package", site / "my_package-1.0.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    for name, text in {"__init__": "", **FILES}.items():
        (package / f"{name}.py").write_text(text)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[cam_bench.methods]\nmethod = my_package.my_method\nmetric = my_package.my_metric\n"
        "[cam_bench.datasets]\ndataset = my_package.my_dataset\n"
    )
    installed = Place(place.folder, (site,))
    write_bolts(installed, [])
    check_run(installed)


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """A copy of the suite and its tests, to which a method and a dataset were added."""
    copy = tmp_path_factory.mktemp("suite")
    for package in (*OWN_PACKAGES, "tests"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "baselines"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "methods" / "catalogue" / "peak_cam.py").write_text(METHOD)
    (copy / "tests" / "helpers" / "twins" / "peak_cam.py").write_text(TWIN)
    text = DATASET
    for outside, inside in INSIDE.items():
        text = text.replace(outside, inside)
    (copy / "datasets" / "catalogue" / "bolts.py").write_text(text)
    return copy


def test_in_the_suite_a_method_is_a_file_and_its_twin_and_a_dataset_is_a_module(suite):
    """The tests of all methods and datasets find what is new by themselves."""
    tests = ("tests/methods/catalogue/test_twins.py", "tests/datasets/catalogue/test_contract.py")
    chosen = "peak-cam or bolts or every_method_has or every_dataset_is"
    done = python(suite, "-m", "pytest", "-q", *tests, "-k", chosen, first=[suite])
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.splitlines()[-1].split()[0]) > 30
