"""Images and masks of every kind of file, and what is no image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from datasets import DatasetError, read_image, read_mask, read_own_mask
from datasets.fake_files import save

SHAPE = (5, 7)
DEFECT = np.zeros(SHAPE, dtype=bool)
DEFECT[1:3, 2:6] = True
sides = st.integers(1, 40)


def palette_image(pixels):
    image = Image.fromarray(pixels, "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 1, 0, 0])
    return image


def with_alpha(alpha):
    values = np.zeros((*SHAPE, 4), dtype=np.uint8)
    values[DEFECT, 1] = 1
    values[..., 3] = alpha
    return Image.fromarray(values)


def black_last(pixels):
    """Return a palette image whose entry 1 is black and entry 0 white."""
    image = Image.fromarray(pixels, "P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    return image


def on_transparent_palette():
    """Return a palette image of white on a transparent background that is stored as white too."""
    image = Image.fromarray(DEFECT.astype(np.uint8), "P")
    image.putpalette([255, 255, 255, 255, 255, 255])
    image.info["transparency"] = 0
    return image


MASKS = {
    "1-bit.bmp": lambda: Image.fromarray(DEFECT),
    "1-bit.png": lambda: Image.fromarray(DEFECT),
    "8-bit.bmp": lambda: Image.fromarray(255 * DEFECT.astype(np.uint8)),
    "faint-8-bit.png": lambda: Image.fromarray(DEFECT.astype(np.uint8)),
    "16-bit.png": lambda: Image.fromarray(DEFECT.astype(np.uint16)),
    "16-bit.tiff": lambda: Image.fromarray(DEFECT.astype(np.uint16)),
    "palette.png": lambda: palette_image(2 * DEFECT.astype(np.uint8)),
    "one-channel-of-rgb.png": lambda: Image.fromarray(np.stack([0 * DEFECT, 0 * DEFECT, DEFECT], 2).astype(np.uint8)),
    "opaque.png": lambda: with_alpha(255),
    "on-transparent.png": lambda: with_alpha(255 * DEFECT),
    "white-on-transparent.gif": on_transparent_palette,
    "black-is-not-entry-0.png": lambda: black_last((~DEFECT).astype(np.uint8)),
    "black-is-not-entry-0.gif": lambda: Image.fromarray(255 * DEFECT.astype(np.uint8)).convert("RGB").quantize(2),
    "grey-alpha.png": lambda: Image.fromarray(np.stack([9 * DEFECT, 255 + 0 * DEFECT], 2).astype(np.uint8), "LA"),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.filterwarnings("ignore:.*mode.*:DeprecationWarning")
def test_a_mask_is_what_is_above_0_in_any_kind_of_file(tmp_path, name):
    path = tmp_path / name
    MASKS[name]().save(path)
    mask = read_mask(str(path), SHAPE)
    assert mask.dtype == np.bool_
    assert np.array_equal(mask, DEFECT)


def test_what_is_transparent_is_no_defect(tmp_path):
    with_alpha(0).save(tmp_path / "transparent.png")
    assert not read_mask(str(tmp_path / "transparent.png"), SHAPE).any()


@pytest.mark.parametrize("kind", ["image", "mask"])
def test_the_orientation_that_a_camera_noted_is_applied(tmp_path, kind):
    values = np.zeros((6, 4), np.uint8)
    values[0] = 255
    path = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # a viewer turns it by 90 degrees, so that its first row becomes its last column
    Image.fromarray(values).save(path, exif=exif)
    shown = read_image(str(path), (4, 6), 1)[0] > 0 if kind == "image" else read_mask(str(path), (4, 6))
    assert np.array_equal(shown, np.rot90(values > 0, -1))
    assert read_own_mask(str(path), "").shape == (4, 6)


FLOATS = {
    "up to 1": (np.array([[0.0, 0.25, 1.0]], np.float32), [0, 63, 255]),
    "up to 255": (np.array([[0.0, 64.0, 255.0]], np.float32), [0, 64, 255]),
    "32-bit integers": (np.array([[0, 257, 65535]], np.int32), [0, 1, 255]),
}


@pytest.mark.parametrize("name", FLOATS)
def test_numbers_are_scaled_by_their_type_and_range(tmp_path, name):
    values, expected = FLOATS[name]
    Image.fromarray(values).save(tmp_path / "numbers.tiff")
    assert read_image(str(tmp_path / "numbers.tiff"), (1, 3), 1)[0, 0].tolist() == expected


@pytest.mark.parametrize("values", [[-1.0, 0.5], [0.0, 300.0], [0, 2**30]])
def test_numbers_beyond_their_range_are_refused(tmp_path, values):
    array = np.array([values], np.float32 if isinstance(values[0], float) else np.int32)
    Image.fromarray(array).save(tmp_path / "numbers.tiff")
    with pytest.raises(DatasetError, match=r"numbers\.tiff has values from .* integers are read from 0 to 65535"):
        read_image(str(tmp_path / "numbers.tiff"), (1, 2), 1)


def test_what_is_transparent_in_an_image_is_black(tmp_path):
    values = np.full((1, 2, 4), 200, np.uint8)
    values[0, :, 3] = 255, 0
    Image.fromarray(values).save(tmp_path / "cut-out.png")
    assert read_image(str(tmp_path / "cut-out.png"), (1, 2), 1)[0].tolist() == [[200, 0]]


def test_images_larger_than_pillow_allows_are_read_up_to_a_limit_of_our_own(tmp_path, monkeypatch):
    path = str(save(tmp_path / "line-scan.png", np.full((30, 40), 9, np.uint8)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert (read_image(path, (30, 40), 1) == 9).all()
    assert Image.MAX_IMAGE_PIXELS == 10
    monkeypatch.setenv("CAM_BENCH_MAX_PIXELS", "1000")
    with pytest.raises(
        DatasetError, match=r"has 1200 pixels, of which 1000 are read; set CAM_BENCH_MAX_PIXELS to more"
    ):
        read_image(path, (30, 40), 1)


def test_no_mask_means_no_defect():
    mask = read_mask("", (3, 8))
    assert mask.shape == (3, 8)
    assert not mask.any()


def source(old, new):
    """Pixel of the old side that lies under the centre of each pixel of the new one."""
    return [int((2 * place + 1) * old // (2 * new)) for place in range(new)]


@settings(max_examples=60)
@given(arrays.arrays(np.bool_, st.tuples(sides, sides)), sides, sides)
def test_a_resized_mask_is_made_of_its_own_pixels(tmp_path_factory, values, height, width):
    path = save(tmp_path_factory.getbasetemp() / "resized.png", values)
    mask = read_mask(str(path), (height, width))
    rows, columns = source(values.shape[0], height), source(values.shape[1], width)
    assert mask.shape == (height, width)
    assert np.array_equal(mask, values[np.ix_(rows, columns)])


@settings(max_examples=60)
@given(*[st.integers(20, 60)] * 4, st.data())
def test_a_resized_mask_is_not_dilated(tmp_path_factory, height, width, new_height, new_width, data):
    top, left = data.draw(st.integers(0, height - 8)), data.draw(st.integers(0, width - 8))
    values = np.zeros((height, width), dtype=bool)
    values[top : top + 8, left : left + 8] = True
    path = save(tmp_path_factory.getbasetemp() / "square.png", values)
    mask = read_mask(str(path), (new_height, new_width))
    # A square of side 8 keeps its sides to within one pixel, on average exactly.
    for axis, scale in ((1, new_height / height), (0, new_width / width)):
        assert abs(mask.any(axis=axis).sum() - 8 * scale) < 1
    assert mask.sum() == mask.any(axis=0).sum() * mask.any(axis=1).sum()


@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_is_channels_height_width(tmp_path, channels):
    path = save(tmp_path / "image.png", np.full((20, 30), 77, np.uint8))
    image = read_image(str(path), (11, 13), channels)
    assert image.shape == (channels, 11, 13)
    assert image.dtype == np.uint8
    assert (image == 77).all()


def test_an_image_of_the_size_asked_for_is_not_changed(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (6, 9), dtype=np.uint8)
    path = save(tmp_path / "image.png", values)
    assert np.array_equal(read_image(str(path), (6, 9), 1)[0], values)


def test_height_comes_before_width(tmp_path):
    values = np.zeros((40, 10), np.uint8)
    values[:20] = 200
    image = read_image(str(save(tmp_path / "image.png", values)), (8, 4), 1)[0]
    assert image[0].tolist() == [200] * 4
    assert image[-1].tolist() == [0] * 4


def test_colour_is_read_as_rgb_and_as_grey(tmp_path):
    path = save(tmp_path / "image.png", np.full((4, 4, 3), (200, 100, 50), np.uint8))
    assert read_image(str(path), (4, 4), 3)[:, 0, 0].tolist() == [200, 100, 50]
    # ITU-R 601: 0.299 red, 0.587 green, 0.114 blue.
    assert read_image(str(path), (4, 4), 1)[0, 0, 0] in (124, 125)


@pytest.mark.parametrize("name", ["image.png", "image.tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_scaled_to_8(tmp_path, name, channels):
    values = np.array([[0, 257, 128 * 257, 65535]], dtype=np.uint16)
    image = read_image(str(save(tmp_path / name, values)), (1, 4), channels)
    for channel in image:
        assert channel.tolist() == [[0, 1, 128, 255]]


def test_a_smaller_image_is_the_mean_of_its_pixels(tmp_path):
    # A checkerboard shrunk without antialiasing would be black or white.
    values = (np.indices((32, 32)).sum(0) % 2 * 255).astype(np.uint8)
    image = read_image(str(save(tmp_path / "image.png", values)), (4, 4), 1)
    assert abs(image.astype(int) - 127).max() <= 3


def read_either(kind, path):
    return read_image(str(path), SHAPE, 1) if kind == "image" else read_mask(str(path), SHAPE)


@pytest.mark.parametrize("kind", ["image", "mask"])
@pytest.mark.parametrize("ending", ["png", "bmp", "jpg", "tiff"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_truncated_file_is_refused_by_name(tmp_path, kind, ending):
    path = save(tmp_path / f"cut.{ending}", np.random.default_rng(0).integers(0, 256, (30, 30), dtype=np.uint8))
    whole = path.read_bytes()
    for share in (0.05, 0.3, 0.6, 0.8):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DatasetError, match=rf"cut\.{ending} cannot be read"):
            read_either(kind, path)


@pytest.mark.parametrize("kind", ["image", "mask"])
def test_a_file_of_no_bytes_is_called_empty(tmp_path, kind):
    path = tmp_path / "nothing.png"
    path.touch()
    with pytest.raises(DatasetError, match=r"nothing\.png is empty"):
        read_either(kind, path)


@pytest.mark.parametrize("kind", ["image", "mask"])
def test_a_text_is_no_image(tmp_path, kind):
    path = tmp_path / "notes.png"
    path.write_text("not an image")
    with pytest.raises(DatasetError, match=r"notes\.png cannot be read"):
        read_either(kind, path)


@pytest.mark.parametrize("kind", ["image", "mask"])
def test_a_missing_file_is_refused_by_name(tmp_path, kind):
    with pytest.raises(DatasetError, match=r"gone\.png cannot be read"):
        read_either(kind, tmp_path / "gone.png")


@pytest.mark.parametrize("kind", ["image", "mask"])
def test_a_damaged_header_that_claims_a_huge_image_is_refused_by_name(tmp_path, kind):
    path = save(tmp_path / "huge.bmp", np.zeros((30, 30), np.uint8))
    whole = bytearray(path.read_bytes())
    whole[18:26] = (1 << 20).to_bytes(4, "little") * 2  # width and height
    path.write_bytes(whole)
    with pytest.raises(DatasetError, match=r"huge\.bmp"):
        read_either(kind, path)
