"""Near-duplicates are found however they lie, and nothing else is."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageOps

from datasets import DatasetError, assign, get_dataset
from datasets.catalogue.synthetic import generate
from datasets.leaks import MOVES, SIDE, Pair, apart, crossing, described, leaked, near_duplicates, parts, shuffled

SHAPE = (120, 90)


def surface(seed):
    """An image of a surface with coarse and fine structure, of grey levels 40 to 200."""
    random = np.random.default_rng(seed)
    grains = [Image.fromarray(random.normal(size=size).astype(np.float32)) for size in ((12, 9), (60, 45))]
    field = sum(np.asarray(grain.resize(SHAPE[::-1], Image.Resampling.BICUBIC)) for grain in grains)
    return Image.fromarray(np.interp(field, (field.min(), field.max()), (40, 200)).astype(np.uint8))


def written(folder, images):
    """Write images (and how to save them) and return their paths."""
    paths = []
    for number, entry in enumerate(images):
        image, suffix, options = entry if isinstance(entry, tuple) else (entry, "png", {})
        paths.append(str(folder / f"{number}.{suffix}"))
        image.save(paths[-1], **options)
    return paths


def brighter(image):
    return image.point(lambda level: level * 0.5 + 90)


PLANTED = {
    "the same file": (lambda image: image, "as the first"),
    "a re-encoding": (lambda image: (image, "jpg", {"quality": 40}), "as the first"),
    "another size": (lambda image: image.resize((180, 240)), "as the first"),
    "another brightness": (brighter, "as the first"),
    "swapped sides": (ImageOps.mirror, "left and right swapped"),
    "upside down": (ImageOps.flip, "top and bottom swapped"),
    "a quarter turn": (lambda image: image.transpose(Image.Transpose.ROTATE_270), "turned by 90°"),
    "a half turn": (lambda image: image.transpose(Image.Transpose.ROTATE_180), "turned by 180°"),
    "three quarters": (lambda image: image.transpose(Image.Transpose.ROTATE_90), "turned by 270°"),
    "a diagonal": (lambda image: image.transpose(Image.Transpose.TRANSPOSE), "mirrored at the diagonal"),
    "the other diagonal": (
        lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        "mirrored at the other diagonal",
    ),
    "all of it": (lambda image: (brighter(ImageOps.mirror(image)), "jpg", {}), "left and right swapped"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_near_duplicate_is_found_with_its_move(tmp_path, planted):
    change, move = PLANTED[planted]
    paths = written(tmp_path, [surface(0), surface(1), surface(2), change(surface(1)), surface(3)])
    (pair,) = near_duplicates(paths)
    assert (pair.first, pair.second, pair.move) == (1, 3, move)
    assert 0.95 <= pair.correlation <= 1


@pytest.mark.parametrize("mirrored", [False, True])
def test_of_several_ways_to_lie_the_closest_is_told(tmp_path, mirrored):
    values = np.asarray(surface(0), dtype=np.float64)
    nearly = Image.fromarray((0.47 * values + 0.53 * values[:, ::-1]).astype(np.uint8))
    (pair,) = near_duplicates(written(tmp_path, [nearly, ImageOps.mirror(nearly) if mirrored else nearly]))
    assert pair.move == ("left and right swapped" if mirrored else "as the first")
    assert pair.correlation > 0.999


def test_the_move_makes_the_second_look_like_the_first():
    image = np.random.default_rng(0).normal(size=(1, SIDE, SIDE)).astype(np.float32)
    seen = {np.ascontiguousarray(move(image)).tobytes() for move in MOVES.values()}
    assert len(seen) == len(MOVES) == 8


def test_a_clean_set_has_no_near_duplicates(tmp_path):
    assert near_duplicates(written(tmp_path, [surface(seed) for seed in range(25)])) == []


def test_the_built_in_set_has_no_near_duplicates(tmp_path):
    assert near_duplicates(generate(tmp_path, size=(64, 64), items=8)["image_path"].tolist()) == []


def test_surfaces_under_one_lamp_are_no_near_duplicates(tmp_path):
    lamp = np.linspace(30, 220, 120)[:, None] + np.zeros(SHAPE)
    random = np.random.default_rng(0)
    paths = written(
        tmp_path,
        [Image.fromarray((lamp + random.normal(scale=8, size=SHAPE)).clip(0, 255).astype(np.uint8)) for _ in range(6)],
    )
    assert near_duplicates(paths) == []


def posed(seed):
    """An object that lies as all of its kind do, with a texture of its own."""
    shape = np.zeros(SHAPE)
    shape[20:90, 25:65] = 120
    shape[90:115, 30:33] = shape[90:115, 44:47] = shape[90:115, 57:60] = 150
    return Image.fromarray((shape + np.asarray(surface(seed), dtype=np.float64) / 5).astype(np.uint8))


def test_objects_in_one_pose_are_no_near_duplicates_but_a_second_shot_of_one_is(tmp_path):
    images = [posed(seed) for seed in range(30)]
    (pair,) = near_duplicates(written(tmp_path, [*images, (images[4], "jpg", {"quality": 80})]))
    assert (pair.first, pair.second) == (4, 30)
    assert pair.nearly_equal


def test_a_flat_image_is_like_no_other(tmp_path):
    flat = Image.new("L", (60, 60), 90)
    with np.errstate(divide="raise", invalid="raise"):
        assert near_duplicates(written(tmp_path, [flat, flat, surface(0)])) == []


def test_pairs_are_found_across_blocks_and_the_closest_come_first(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.leaks.ROWS", 2)
    images = [surface(0), surface(1), surface(2), surface(3), (surface(0), "jpg", {"quality": 20}), surface(1)]
    pairs = near_duplicates(written(tmp_path, images))
    assert [(pair.first, pair.second) for pair in pairs] == [(1, 5), (0, 4)]
    assert pairs[0].correlation > pairs[1].correlation


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "0.png").touch()
    with pytest.raises(DatasetError, match=r"0\.png is empty"):
        near_duplicates([str(tmp_path / "0.png")])


def table_of(splits):
    ids = [f"i{number}" for number in range(len(splits))]
    return pd.DataFrame({"id": ids, "group": ids, "split": splits, "label": "good"})


def pair(first, second):
    return Pair(first, second, 1.0, 1.0, "as the first")


def test_a_leak_is_a_test_image_with_a_near_duplicate_in_training_counted_once():
    table = table_of(["train", "train", "test", "test", "val", "test"])
    pairs = [pair(0, 2), pair(1, 2), pair(3, 4), pair(0, 1), pair(2, 3)]
    assert leaked(pairs, [table]) == 1
    assert leaked([*pairs, pair(1, 5)], [table]) == 2
    assert leaked([], [table]) == 0
    assert leaked(pairs, [table, table]) == 2


def test_pairs_within_one_split_do_not_cross():
    table = table_of(["train", "train", "test", "test", "val"])
    assert crossing([pair(0, 1), pair(0, 2), pair(2, 3), pair(3, 4)], [table]) == [pair(0, 2), pair(3, 4)]


def test_pairs_cross_if_they_do_in_any_fold():
    first, second = table_of(["train", "train", "test"]), table_of(["train", "test", "train"])
    assert crossing([pair(0, 1)], [first]) == []
    assert crossing([pair(0, 1)], [first, second]) == [pair(0, 1)]


def test_a_random_split_has_the_same_proportions_and_divides_items():
    table = assign(table_of([""] * 100).assign(group=[f"g{number // 4}" for number in range(100)]))
    (dealt,) = shuffled([table])
    assert dealt["split"].value_counts().to_dict() == table["split"].value_counts().to_dict()
    assert (dealt.groupby("group")["split"].nunique() > 1).any()
    assert dealt.equals(shuffled([table])[0])
    assert not dealt.equals(shuffled([table], seed=1)[0])


def test_random_folds_test_every_image_once():
    tables = parts(table_of([""] * 40), 5)
    dealt = shuffled(tables)
    assert np.sum([table["split"] == "test" for table in dealt], axis=0).tolist() == [1] * 40


def test_a_random_split_of_an_item_with_many_images_leaks():
    table = table_of([""] * 100).assign(group=[f"g{number // 4}" for number in range(100)])
    twins = [
        pair(4 * item + one, 4 * item + two) for item in range(25) for one in range(4) for two in range(one + 1, 4)
    ]
    own = parts(table, 0)
    assert leaked(twins, own) == 0
    assert leaked(twins, shuffled(own)) > 0.8 * (own[0]["split"] == "test").sum()


def test_pairs_are_described_with_ids_and_splits_or_folds():
    first, second = table_of(["train", "val", "test"]), table_of(["test", "train", "train"])
    (row,) = described([pair(0, 2)], [first]).to_dict("records")
    assert row == {
        "first": "i0",
        "second": "i2",
        "splits": "train – test",
        "correlation": 1.0,
        "own": 1.0,
        "shows": "one item",
        "move": "as the first",
    }
    assert described([pair(0, 2)], [first, second])["splits"].tolist() == ["fold 1 – fold 0"]
    assert described([], [first]).empty


def test_a_pair_that_is_alike_and_not_nearly_equal_may_show_two_items():
    pairs = [Pair(0, 1, 0.99, 0.96, "as the first"), Pair(0, 1, 0.99, 0.9, "as the first")]
    assert described(pairs, [table_of(["train", "test"])])["shows"].tolist() == ["one item", "look-alikes"]


def test_an_image_is_drawn_in_one_pair_only():
    assert apart([pair(0, 1), pair(1, 2), pair(2, 3), pair(0, 3)]) == [pair(0, 1), pair(2, 3)]


def test_a_random_split_of_the_magnetic_tiles_leaks_and_one_by_tile_hardly(shared):
    root = shared / "data" / "MagneticTile"
    if not root.is_dir():
        pytest.skip(f"the magnetic tiles are not at {root}")
    table = get_dataset("mtd").samples(root)
    table = table[table["label"] != "good"].reset_index(drop=True)
    pairs = near_duplicates(table["image_path"].tolist())
    own = parts(table, 0)
    tested = (own[0]["split"] == "test").sum()
    assert leaked(pairs, own) < 0.1 * tested
    assert leaked(pairs, shuffled(own)) > 0.4 * tested
