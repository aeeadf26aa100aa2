"""What is wrong with a dataset is listed, all of it at once, with the paths."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from datasets import DatasetError, LocalCopy, assign, get_dataset
from datasets.catalogue.ksdd import fake_ksdd
from datasets.fake_files import save
from datasets.faults import Fault, check, faults, verify
from datasets.table import sample_table

KSDD = get_dataset("ksdd")
SIZE = (40, 16)
LABELS = ["good", "dent", "scratch"]


@pytest.fixture
def table(tmp_path):
    """Thirty items, each an image of 20x30 pixels, a third of each label; the mark is of 6x6 pixels."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(30):
        label = LABELS[number % 3]
        image = save(tmp_path / "images" / f"{number:02}.png", random.integers(0, 255, (20, 30), dtype=np.uint8))
        mask = np.zeros((20, 30), dtype=bool)
        mask[4:10, 5:11] = True
        path = "" if label == "good" else str(save(tmp_path / "masks" / f"{number:02}.png", mask))
        item = {"id": f"{number:02}", "group": f"{number:02}", "split": "", "label": label}
        rows.append(item | {"image_path": str(image), "mask_path": path})
    return assign(sample_table(rows, tmp_path))


def found(table, size=(20, 30)):
    """Return {(kind, file name)} of the faults."""
    return {(fault.kind, Path(fault.path).name) for fault in faults(table, size)}


def test_a_sound_table_has_no_faults(table):
    assert faults(table, (20, 30)) == []
    check(table)


def test_everything_is_found_at_once(table, tmp_path):
    images, masks = tmp_path / "images", tmp_path / "masks"
    (images / "00.png").write_bytes(b"")
    (images / "03.png").write_bytes((images / "03.png").read_bytes()[:-40])
    (images / "06.png").unlink()
    (masks / "01.png").write_bytes(b"")
    (masks / "02.png").write_bytes((masks / "02.png").read_bytes()[:-30])
    (masks / "04.png").unlink()
    save(masks / "05.png", np.eye(30, 20, dtype=bool))
    save(masks / "07.png", np.zeros((20, 30), dtype=bool))
    small = np.zeros((20, 30), dtype=bool)
    small[0, 0] = True
    save(masks / "08.png", small)
    table.loc[table["id"] == "10", "mask_path"] = ""
    assert found(table, (10, 15)) == {
        ("damaged image", "00.png"),
        ("damaged image", "03.png"),
        ("missing image", "06.png"),
        ("damaged mask", "01.png"),
        ("damaged mask", "02.png"),
        ("missing mask", "04.png"),
        ("other size", "05.png"),
        ("empty mask", "07.png"),
        ("lost defect", "08.png"),
        ("missing mask", "10.png"),
    }


def test_a_fault_says_what_is_wrong_with_numbers(table, tmp_path):
    save(tmp_path / "masks" / "05.png", np.eye(30, 20, dtype=bool))
    small = np.zeros((20, 30), dtype=bool)
    small[0, :2] = True
    save(tmp_path / "masks" / "08.png", small)
    other, lost = sorted(faults(table, (10, 15)), key=lambda fault: fault.path)
    assert "the mask has 30x20 pixels" in str(other)
    assert f"{tmp_path / 'images' / '05.png'} has 20x30" in str(other)
    assert "2 pixels are lost at 10x15" in lost.text
    assert faults(table, (20, 30)) == [other]


def test_an_image_of_any_mode_is_sound(table, tmp_path):
    white = {"RGB": (255,) * 3, "RGBA": (255,) * 4, "P": (255,) * 3, "I;16": 65535, "1": 1}
    for number, (mode, colour) in enumerate(white.items()):
        name = f"{number:02}"
        Image.new(mode, (30, 20), colour).save(tmp_path / "images" / f"{name}.png")
    assert faults(table, (20, 30)) == []


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_an_empty_split_is_a_fault(table, split):
    rest = table[table["split"] != split]
    assert Fault("empty split", "", f"there are no images in {split}") in faults(rest, (20, 30))


def test_a_class_that_is_absent_from_training_is_a_fault(table):
    moved = table.assign(split=table["split"].mask((table["label"] == "dent") & (table["split"] == "train"), "test"))
    (fault,) = faults(moved, (20, 30))
    assert fault.kind == "absent class"
    assert "no images of dent in train" in fault.text
    tested = ((moved["label"] == "dent") & (moved["split"] == "test")).sum()
    assert f"{tested} in test" in fault.text


def test_a_test_split_without_defects_is_a_fault(table):
    rest = table[(table["split"] != "test") | (table["label"] == "good")]
    assert [fault.kind for fault in faults(rest, (20, 30))] == ["nothing to find"]


def test_the_check_before_a_run_raises_one_error_that_lists_all(table, tmp_path):
    (tmp_path / "images" / "00.png").write_bytes(b"")
    (tmp_path / "masks" / "04.png").unlink()
    broken = table[table["split"] != "val"]
    broken = broken[(broken["label"] != "scratch") | (broken["split"] != "train")]
    with pytest.raises(DatasetError) as raised:
        check(broken)
    for text in ("images/00.png: the file is empty", "masks/04.png: there is no such file", "in val", "of scratch in"):
        assert text in str(raised.value)


def test_masks_that_are_not_known_are_told_and_stop_nothing(table):
    table.loc[table["label"] == "dent", "mask_path"] = ""
    told = faults(table, (20, 30))
    assert {fault.kind for fault in told} == {"missing mask"}
    assert len(told) == 10
    assert "labelled dent, but has no mask: it is not scored where it is tested" in told[0].text
    check(table)


def test_where_no_mask_is_known_that_is_one_fault(table):
    table["mask_path"] = ""
    (fault,) = faults(table, (20, 30))
    assert (fault.kind, fault.path) == ("missing masks", "")
    assert "none of the 20 defective images has one: IoU and all that is taken with it are not known" in fault.text
    check(table)


def test_kinds_without_good_images_are_told_and_stop_nothing(table):
    kinds = assign(table[table["label"] != "good"].assign(split=""))
    (fault,) = faults(kinds, (20, 30))
    assert fault.kind == "no good images"
    assert "tell dent, scratch from each other; for defects against good surfaces add images" in fault.text
    check(kinds)


def test_one_kind_without_good_images_cannot_be_used_and_what_to_do_is_said(table):
    alone = assign(table[table["label"] == "dent"].assign(split=""))
    with pytest.raises(DatasetError, match="one class: all images are labelled dent; add images of the same surface"):
        check(alone)


def test_the_check_before_a_run_reads_no_image(table, tmp_path, monkeypatch):
    monkeypatch.setattr("PIL.Image.open", None)
    (tmp_path / "images" / "00.png").write_bytes(b"not an image")
    check(table)


def test_a_dataset_is_read_split_and_checked(tmp_path):
    fake_ksdd(tmp_path)
    table, none = verify(LocalCopy(KSDD, tmp_path), SIZE)
    assert none == []
    assert set(table["split"]) == {"train", "val", "test"}


def test_another_layout_is_told_with_the_one_expected(tmp_path):
    save(tmp_path / "a" / "b.png", np.zeros((4, 4), dtype=np.uint8))
    table, (fault,) = verify(LocalCopy(KSDD, tmp_path), SIZE)
    assert table is None
    assert fault.kind == "layout"
    assert "it should hold kos01/Part0.jpg" in fault.text


def test_all_damaged_masks_are_named_though_the_loader_stops_at_the_first(tmp_path):
    fake_ksdd(tmp_path)
    for name in ("kos02/Part0_label.bmp", "kos07/Part1_label.bmp"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "kos09" / "Part0.jpg").write_bytes((tmp_path / "kos09" / "Part0.jpg").read_bytes()[:200])
    table, damaged = verify(LocalCopy(KSDD, tmp_path), SIZE)
    assert table is None
    assert [Path(fault.path).relative_to(tmp_path).as_posix() for fault in damaged] == [
        "kos02/Part0_label.bmp",
        "kos07/Part1_label.bmp",
        "kos09/Part0.jpg",
    ]


def test_a_missing_mask_is_told_beside_the_damaged_files(tmp_path):
    fake_ksdd(tmp_path)
    (tmp_path / "kos03" / "Part1_label.bmp").unlink()
    (tmp_path / "kos09" / "Part0.jpg").write_bytes(b"")
    _, told = verify(LocalCopy(KSDD, tmp_path), SIZE)
    assert [fault.kind for fault in told] == ["layout", "damaged file"]
    assert "kos03/Part1_label.bmp is missing" in told[0].text


def test_too_few_items_to_split_are_told_beside_the_faults_of_files(table, tmp_path):
    few = replace(KSDD, samples=lambda root: table.head(3).assign(split=""))
    (tmp_path / "images" / "00.png").write_bytes(b"")
    none, told = verify(LocalCopy(few, tmp_path), SIZE)
    assert none is None
    assert [fault.kind for fault in told] == ["split", "damaged image"]
    assert "3 items cannot be dealt" in told[0].text


def test_a_fault_is_one_line():
    assert (
        str(Fault("lost defect", "a/b.png", "its 3 pixels are lost")) == "lost defect: a/b.png: its 3 pixels are lost"
    )
    assert str(Fault("empty split", "", "there are none")) == "empty split: there are none"


def test_the_real_images_are_sound(shared):
    root = shared / "data" / "KolektorSDD"
    if not root.is_dir():
        pytest.skip(f"KolektorSDD is not at {root}")
    table = assign(KSDD.samples(root))
    check(table)
    defective = table[table["label"] == "defect"]
    some = pd.concat([table.iloc[::10], defective]).drop_duplicates("id")
    assert [fault for fault in faults(some, KSDD.size) if fault.kind not in {"empty split", "nothing to find"}] == []


def test_an_image_whose_values_fill_a_small_part_of_its_type_is_told(table, tmp_path):
    dark = tmp_path / "dark.png"
    Image.fromarray(np.full((20, 30), 4095, np.uint16)).save(dark)
    table.loc[0, "image_path"] = str(dark)
    (fault,) = faults(table, (20, 30))
    assert fault.kind == "dark image"
    assert "its brightest part reads as 15 of 255" in fault.text


GREY = np.indices((20, 30)).sum(0)


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        (np.where(GREY < 4, 0, 255), "full mask", "98.3 % of it are defective; is it inverted"),
        (GREY.clip(20, 60) - 20, "grey mask", "it has 28 grey values; "),
    ],
)
def test_a_mask_that_is_inverted_or_grey_is_told_with_what_to_do(table, tmp_path, values, kind, text):
    row = table.index[table["label"] != "good"][0]
    table.loc[row, "mask_path"] = str(save(tmp_path / "mask.png", values.astype(np.uint8)))
    (fault,) = faults(table, (20, 30))
    assert fault.kind == kind
    assert text in fault.text
    assert "--mask-above VALUE" in fault.text


def test_kinds_of_defect_by_number_are_no_grey_mask(table, tmp_path):
    row = table.index[table["label"] != "good"][0]
    table.loc[row, "mask_path"] = str(save(tmp_path / "mask.png", (GREY // 4 % 13 * (GREY < 30)).astype(np.uint8)))
    assert faults(table, (20, 30)) == []
