"""From rows of a sample table to tensors."""

from pathlib import Path
from threading import current_thread
from threading import enumerate as enumerate_threads

import numpy as np
import pytest
import torch

from bench.classifiers.loading import ImageDataset, batches
from datasets import read_image, read_mask
from tests.helpers.bright_squares import CLASSES, SIZE, images


@pytest.fixture
def table(tmp_path):
    """Five images, good and defective in turn."""
    table = images(tmp_path, train=(3, 2), val=(0, 0), test=(0, 0))
    return table.iloc[[3, 0, 4, 1, 2]].reset_index(drop=True)


def read(table, size=2, channels=1, **options):
    return list(batches(ImageDataset(table, SIZE, channels, CLASSES), size, **options))


@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_types(table, channels):
    found = read(table, channels=channels)
    assert [batch.images.shape for batch in found] == [(2, channels, 32, 32)] * 2 + [(1, channels, 32, 32)]
    assert [batch.masks.shape for batch in found] == [(2, 32, 32), (2, 32, 32), (1, 32, 32)]
    assert {batch.images.dtype for batch in found} == {torch.uint8}
    assert {batch.masks.dtype for batch in found} == {torch.bool}
    assert {batch.labels.dtype for batch in found} == {torch.int64}


def test_every_image_comes_with_its_own_mask_and_label_in_order(table):
    found = read(table)
    assert [name for batch in found for name in batch.ids] == table["id"].tolist()
    assert torch.cat([batch.labels for batch in found]).tolist() == [1, 0, 1, 0, 0]
    images, masks = (torch.cat([getattr(batch, name) for batch in found]).numpy() for name in ("images", "masks"))
    for number, row in enumerate(table.itertuples()):
        assert np.array_equal(images[number], read_image(row.image_path, SIZE, 1))
        assert np.array_equal(masks[number], read_mask(row.mask_path, SIZE))


def test_a_sampler_says_which_and_in_what_order(table):
    found = read(table, sampler=[4, 0, 4])
    assert [name for batch in found for name in batch.ids] == [table["id"][place] for place in (4, 0, 4)]


def test_the_size_is_height_and_width(table):
    batch = next(batches(ImageDataset(table, (16, 40), 1, CLASSES), 2))
    assert batch.images.shape == (2, 1, 16, 40)
    assert batch.masks.shape == (2, 16, 40)


@pytest.mark.parametrize("column", ["image_path", "mask_path"])
def test_what_cannot_be_read_is_named_with_its_reason_and_the_others_keep_their_order(table, column):
    Path(table.loc[2, column]).write_bytes(b"")
    found = read(table, size=3)
    assert [batch.ids for batch in found] == [tuple(table["id"][:2]), tuple(table["id"][3:])]
    ((name, reason),) = found[0].failures
    assert name == table["id"][2]
    assert reason == f"{table.loc[2, column]} is empty"
    assert found[1].failures == ()
    assert len(found[0].images) == len(found[0].masks) == len(found[0].labels) == 2


def test_a_batch_of_nothing_but_failures_has_no_images(table):
    for path in table["image_path"]:
        Path(path).unlink()
    (batch,) = read(table, size=5, channels=3)
    assert batch.ids == ()
    assert [name for name, _ in batch.failures] == table["id"].tolist()
    assert batch.images.shape == (0, 3, 32, 32)
    assert batch.masks.shape == (0, 32, 32)


def test_the_next_batch_is_read_while_one_is_worked_on(table, monkeypatch):
    reading = []

    def noted(path, size):
        reading.append(current_thread())
        return read_mask(path, size)

    monkeypatch.setattr("datasets.read_mask", noted)
    found = batches(ImageDataset(table, SIZE, 1, CLASSES), 2)
    next(found)
    assert [len(batch.ids) for batch in found] == [2, 1]
    assert len(reading) == 5
    assert current_thread() not in reading
    found = batches(ImageDataset(table, SIZE, 1, CLASSES), 2)
    next(found)
    found.close()
    assert not set(reading[5:]) & set(enumerate_threads())


def test_a_sampler_is_asked_for_no_more_than_is_worked_on(table):
    asked = []
    found = batches(ImageDataset(table, SIZE, 1, CLASSES), 2, sampler=(asked.append(one) or one for one in range(5)))
    next(found)
    assert asked == [0, 1]


def test_the_number_of_images_is_known(table):
    assert len(ImageDataset(table, SIZE, 1, CLASSES)) == 5
