"""The files of the page, without a browser."""

import json

import pandas as pd
import pytest

from reports.page import write
from results.metrics.thresholds import ThresholdPolicy
from tests.helpers.page_runs import BAD, METHODS, ODD, make

OTSU = ThresholdPolicy("otsu")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(run):
    pd.DataFrame({"spec": [*METHODS, "other"], "median_seconds": [0.2, 0.1, 0.4, 1]}).to_csv(run / "timing.csv")
    points = [("ra-cam", "test", delta, 0.2, 0.1, 0.3, 4, 4, 0) for delta in (0, 50)]
    names = ["family", "split", "delta", "iou", "low", "high", "images", "items", "failed"]
    pd.DataFrame(points, columns=names).to_csv(run / "sweep.csv", index=False)
    return write(run, OTSU).parent


def test_the_folder_holds_all_that_it_names(page):
    names = {path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file()}
    charts = {"thresholds", "precision-recall", "size", "kind", "defect-free", "timing", "delta"}
    charts -= {"size"}  # All defects are of one size.
    assert {f"charts/{name}{end}" for name in charts for end in (".svg", "-dark.svg")} <= names
    assert {f"figures/{name}{end}" for name in {*charts, "heatmaps", "masks"} for end in (".pdf", ".png")} <= names
    assert {"tables/table.md", "tables/table.csv", "tables/table.tex", "gallery/003.js", "page.js"} <= names
    html = (page / "index.html").read_text()
    linked = [part.split('"')[0] for what in ('href="', 'src="', 'srcset="') for part in html.split(what)[1:]]
    assert all(name in names for name in linked if not name.startswith(("#", "data:")))
    assert "http" not in html


def test_texts_of_files_are_escaped(page):
    html = (page / "index.html").read_text()
    assert BAD not in html
    assert "&lt;script&gt;alert(2)" in html


def test_the_same_run_gives_the_same_bytes(run, page):
    before = {path: path.read_bytes() for path in page.rglob("*") if path.suffix in {".html", ".svg", ".js", ".csv"}}
    write(run, OTSU)
    assert len(before) > 15
    assert all(path.read_bytes() == content for path, content in before.items())


def test_the_gallery_says_what_each_method_scored(page):
    index = json.loads((page / "gallery" / "index.js").read_text().removeprefix("cam.index(").removesuffix(");\n"))
    assert [image["id"] for image in index["images"]] == [ODD, "a/0", "b/2", "c/3"]
    assert index["methods"] == [*METHODS, "cam"]
    first = index["images"][0]
    assert (first["width"], first["height"], first["label"]) == (24, 40, "scratch")
    assert first["scored"][3]["status"] == f"failed: {BAD}"
    assert len(index["colours"]) == 256
