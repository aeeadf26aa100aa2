"""Magnetic tiles: which images show one tile, on a small tree and on the real set where it is."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets import DatasetError, assign, get_dataset, read_mask
from datasets.catalogue.mtd import FAKE_TILES, GAP, fake_mtd, tiles_of
from datasets.fake_files import SQUARE, write_empty_mask

MTD = get_dataset("mtd")
KINDS = {"Blowhole": 115, "Break": 85, "Crack": 57, "Fray": 32, "Uneven": 103, "good": 952}
numbers = st.lists(st.integers(0, 5000), min_size=1, max_size=30, unique=True)


@pytest.fixture
def tree(tmp_path):
    fake_mtd(tmp_path)
    return tmp_path


def test_a_tile_is_a_run_without_a_large_gap():
    assert tiles_of([900, 600, 1201, 300, 1202]) == {
        300: "tile000300",
        600: "tile000300",
        900: "tile000300",
        1201: "tile001201",
        1202: "tile001201",
    }


def test_the_first_image_may_have_any_number():
    assert tiles_of([0]) == {0: "tile000000"}
    assert tiles_of([GAP]) == {GAP: "tile000300"}


@given(numbers, st.randoms())
def test_neighbours_share_a_tile_exactly_when_they_are_near(taken, random):
    tiles = tiles_of(taken)
    ordered = sorted(taken)
    for one, following in pairwise(ordered):
        assert (tiles[one] == tiles[following]) == (following - one <= GAP)
    random.shuffle(taken)
    assert tiles_of(taken) == tiles


def test_exposures_and_kinds_of_one_tile_are_one_group(tree):
    table = MTD.samples(tree).set_index("id")
    assert set(table["group"]) == {f"tile{first:06}" for first in FAKE_TILES}
    for first, kinds in FAKE_TILES.items():
        ids = [f"{kind}/exp{turn + 1}_num_{first + 290 * turn}" for turn, kind in enumerate(kinds)]
        assert set(table.loc[ids, "group"]) == {f"tile{first:06}"}


def test_every_image_of_the_layout_is_a_row(tree):
    table = MTD.samples(tree)
    assert Counter(table["label"]) == {"good": 29, "Uneven": 6, "Break": 5, "Crack": 5, "Blowhole": 4, "Fray": 4}
    assert table["group"].nunique() == 26
    assert set(table["split"]) == {""}


def test_the_kind_is_the_label_even_if_the_mask_is_empty(tree):
    write_empty_mask(tree / "MT_Uneven" / "Imgs" / "exp2_num_751.png")
    row = MTD.samples(tree).set_index("id").loc["Uneven/exp2_num_751"]
    assert row["label"] == "Uneven"
    assert not read_mask(row["mask_path"], SQUARE).any()


def test_an_image_of_no_known_tile_is_refused(tree):
    image = tree / "MT_Break" / "Imgs" / "exp1_num_1500.jpg"
    image.with_name("exp1_num_1500 (1).jpg").write_bytes(image.read_bytes())
    with pytest.raises(DatasetError, match=r"exp1_num_1500 \(1\)\.jpg is not named expE_num_N\.jpg.*which tile"):
        MTD.samples(tree)


def test_a_kind_that_is_not_there_is_named(tree):
    (tree / "MT_Fray").rename(tree / "MT_Frayed")
    with pytest.raises(DatasetError, match=r"there are no images of Fray$"):
        MTD.samples(tree)


@pytest.fixture(scope="session")
def real(shared):
    root = shared / "data" / "MagneticTile"
    if not root.is_dir():
        pytest.skip(f"the magnetic tiles are not at {root}")
    return MTD.samples(root)


def test_the_real_set_is_complete(real):
    assert len(real) == 1344
    assert (real["label"] != "good").sum() == 392
    assert real["label"].value_counts().to_dict() == KINDS
    assert set(real["split"]) == {""}


def test_the_real_tiles(real):
    defective = real[real["label"] != "good"]
    assert real["group"].nunique() == 184
    assert defective["group"].nunique() == 67
    assert real.groupby("group").size().max() == 24


def test_four_real_masks_are_empty(real):
    paths = real[real["mask_path"] != ""].set_index("id")["mask_path"]
    assert [name for name, path in paths.items() if not read_mask(path, MTD.size).any()] == [
        "Uneven/exp3_num_45042",
        "Uneven/exp4_num_124690",
        "Uneven/exp4_num_352527",
        "Uneven/exp4_num_45057",
    ]


def test_the_single_split_has_every_kind_in_every_part(real):
    split = assign(real)
    assert all(set(part["label"]) == set(KINDS) for _, part in split.groupby("split"))
    assert split.groupby("group")["split"].nunique().max() == 1


def test_folds_of_the_real_set_learn_every_kind_and_test_every_tile_once(real):
    # Only eight tiles are frayed, so some folds test none.
    folds = [assign(real, folds=5, fold=fold) for fold in range(5)]
    assert all(set(split["label"][split["split"] == "train"]) == set(KINDS) for split in folds)
    tested = [set(split["group"][split["split"] == "test"]) for split in folds]
    assert sum(map(len, tested)) == len(set.union(*tested)) == 184
