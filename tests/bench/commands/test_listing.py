"""list through its entry point: what there is to choose from, and where it is."""

import pytest

from datasets import assign, get_dataset
from datasets.catalogue.ksdd import fake_ksdd
from datasets.catalogue.synthetic import VERSION
from tests.helpers.command_line import call


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A current folder of one's own, in which nothing has been fetched; data/ is where datasets are looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAM_BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def test_datasets_that_are_there_are_counted_and_of_the_others_it_is_said_how_to_get_them(place):
    fake_ksdd(place / "data" / "ksdd")
    (place / "data" / "mtd").mkdir()
    text = call("list", "datasets").stdout
    rows = {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line[1:2].isalpha()}
    parts = assign(get_dataset("ksdd").samples(place / "data" / "ksdd")).groupby("split")["label"]
    train, val, test = (
        f"{len(part)} ({(part == 'defect').sum()})" for part in map(parts.get_group, ("train", "val", "test"))
    )
    assert f"{train} {val} {test} 1408x512 CC BY-NC-SA 4.0" in rows["ksdd"]
    assert "128x128 MIT made on the fly" in " ".join(text.split())
    whole = "".join(text.split())
    assert "python-mbenchfetch" in whole
    assert "isnotthemagnetic-tileset" in whole
    assert not (place / "data" / "synthetic").exists()


def test_the_built_in_set_is_looked_at_once_it_is_made(place):
    (place / "data" / "synthetic" / f"synthetic-v{VERSION}-128x128-seed0-items90").mkdir(parents=True)
    assert "lacksfiles" in "".join(call("list", "datasets").stdout.split())


def test_methods_are_listed_with_their_papers():
    text = call("list", "methods").stdout
    assert "Selvaraju" in text
    assert "ra-cam" in text
    assert "sess:" in text


def test_layers_are_listed_with_stages_shapes_and_signs():
    text = call("list", "layers", "--network", "densenet121", "--size", "64x96").stdout
    assert "S5" in text
    assert "1024x2x3" in text
    assert "signed" in text
