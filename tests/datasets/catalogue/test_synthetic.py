"""The built-in set: the same bytes everywhere, masks true to the pixel."""

import hashlib
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from datasets.catalogue import synthetic as package
from datasets.catalogue.synthetic import VERSION, draw, draw_clean, generate, name_of
from datasets.catalogue.synthetic.defects import DEFECTS, LEAST_CHANGE
from datasets.catalogue.synthetic.surfaces import BRIGHTEST, DARKEST, SURFACES
from datasets.errors import DatasetError
from datasets.registry import get_dataset
from datasets.table import COLUMNS, fingerprint

# Of the names and bytes of all files; the first set holds every surface and every defect.
# If one changes, the set has changed: raise VERSION, then renew them.
BYTES = {
    (1, 48, 48, 25, 0): "ffd92bd1810723e14a7d2bc5506210d7c3877bd67f514624d2f10a12db95e97a",
    (1, 40, 72, 5, 3): "15f9c0e654a0db8224f8e916ae296070ce296fe7028bc8658b9a4774398b079c",
}

sides = st.integers(32, 96)


def digest_of(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*/*/*/*.bmp")):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.mark.parametrize(("height", "width", "items", "seed"), [(48, 48, 25, 0), (40, 72, 5, 3)])
def test_the_bytes_are_the_ones_of_this_version(tmp_path, height, width, items, seed):
    generate(tmp_path, size=(height, width), items=items, seed=seed)
    assert digest_of(tmp_path) == BYTES[VERSION, height, width, items, seed]


def test_the_default_set_has_ninety_items_of_two_good_and_two_defective_images(tmp_path):
    known = get_dataset("synthetic")
    table = known.samples(tmp_path)
    assert known.generated
    assert known.size == (128, 128)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 360
    assert table["group"].nunique() == 90
    assert (table.groupby("group")["label"].agg(lambda labels: sorted(labels).count("good")) == 2).all()
    assert set(table["label"]) == {"good", "defect"}
    assert set(table["split"]) == {""}
    assert ((table["mask_path"] == "") == (table["label"] == "good")).all()
    covered = [np.mean(np.asarray(Image.open(path)) > 0) for path in table["mask_path"] if path]
    assert np.quantile(covered, 0.1) > 0.005
    assert np.quantile(covered, 0.9) < 0.06


def test_every_surface_meets_every_defect():
    names = {name_of(item, number) for item in range(90) for number in range(4)}
    met = {(name.split("-")[0], name.split("/")[1][2:]) for name in names}
    assert met == {(surface, kind) for surface in SURFACES for kind in [*DEFECTS, "good"]}
    assert all(name_of(item, 2)[-5:] != name_of(item, 3)[-5:] for item in range(90))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 200), st.sampled_from([2, 3]), sides, sides)
def test_a_mask_is_exactly_where_the_defect_changed_the_image(seed, item, number, height, width):
    clean = draw_clean(seed, item, number, (height, width))
    image, mask = draw(seed, item, number, (height, width))
    assert image.shape == mask.shape == (height, width)
    assert mask.any()
    assert np.array_equal(mask, np.where(image != clean, 255, 0))
    assert abs(image - clean)[mask > 0].min() >= LEAST_CHANGE
    assert clean.min() >= DARKEST
    assert clean.max() <= BRIGHTEST
    assert image.min() >= 0
    assert image.max() <= 255


@settings(max_examples=10)
@given(st.integers(0, 200), st.sampled_from([0, 1]), sides, sides)
def test_a_good_image_has_an_empty_mask(item, number, height, width):
    image, mask = draw(0, item, number, (height, width))
    assert not mask.any()
    assert image.std() > 0


def test_what_is_on_disk_is_what_was_drawn(tmp_path):
    table = generate(tmp_path, size=(33, 49), items=2).set_index("id")
    for item in range(2):
        for number in range(4):
            image, mask = draw(0, item, number, (33, 49))
            row = table.loc[name_of(item, number)]
            with Image.open(row["image_path"]) as stored:
                assert stored.mode == "L"
                assert np.array_equal(np.asarray(stored), image)
            if row["mask_path"]:
                assert np.array_equal(np.asarray(Image.open(row["mask_path"])), mask)


def test_an_image_does_not_depend_on_how_many_are_made(tmp_path):
    few = generate(tmp_path, size=(32, 32), items=2).set_index("id")
    more = generate(tmp_path, size=(32, 32), items=5).set_index("id").loc[few.index]
    assert fingerprint(few.reset_index()) == fingerprint(more.reset_index())


def test_another_seed_gives_other_images(tmp_path):
    one, other = (generate(tmp_path, size=(32, 32), items=1, seed=seed) for seed in (0, 1))
    assert list(one["id"]) == list(other["id"])
    assert fingerprint(one) != fingerprint(other)


def test_a_finished_folder_is_used_again(tmp_path, monkeypatch):
    first = generate(tmp_path, size=(32, 32), items=1)
    monkeypatch.setattr(package, "draw", None)
    assert generate(tmp_path, size=(32, 32), items=1).equals(first)


def test_an_interrupted_write_leaves_nothing_and_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / f".synthetic-v{VERSION}-32x32-seed0-items1-left" / "images").mkdir(parents=True)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(package, "_finish", interrupt)
        with pytest.raises(KeyboardInterrupt):
            generate(tmp_path, size=(32, 32), items=1)
    assert len(list(tmp_path.iterdir())) == 1
    assert len(generate(tmp_path, size=(32, 32), items=1)) == 4


def test_processes_that_race_all_succeed(tmp_path):
    with get_context("spawn").Pool(2) as pool:
        tables = pool.map(_small, [tmp_path] * 4, chunksize=1)
    assert all(table.equals(tables[0]) for table in tables)
    assert len(list(tmp_path.iterdir())) == 1


def _small(root):
    return generate(root, size=(32, 32), items=3)


def test_the_slower_of_two_writers_takes_the_faster_ones_folder(tmp_path, monkeypatch):
    finish = package._finish

    def lose(aside, folder):
        (folder / "images").mkdir(parents=True)
        (folder / "images" / "won").touch()
        finish(aside, folder)

    monkeypatch.setattr(package, "_finish", lose)
    with pytest.raises(DatasetError, match="delete it"):
        generate(tmp_path, size=(32, 32), items=1)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_lacks_files_is_named(tmp_path):
    table = generate(tmp_path, size=(32, 32), items=1)
    Path(table["mask_path"].max()).unlink()
    with pytest.raises(DatasetError, match="delete it"):
        generate(tmp_path, size=(32, 32), items=1)


@pytest.mark.parametrize("wrong", [{"size": (31, 64)}, {"items": 0}, {"seed": -1}])
def test_arguments_out_of_range_are_refused(tmp_path, wrong):
    with pytest.raises(DatasetError, match="32 pixels or more"):
        generate(tmp_path, **wrong)


def test_a_root_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="cannot write"):
        generate(tmp_path / "file", size=(32, 32), items=1)
