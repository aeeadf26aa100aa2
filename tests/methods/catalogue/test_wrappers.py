"""Wrappers against slow twins that were written from their docstrings, on a made-up method."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from methods import MethodError, parse
from methods.registry import WRAPPERS, library, wrapper
from tests.helpers.twins.arithmetic import blurred, unit, upsampled

SIZE = (9, 14)


@dataclass
class MadeUp:
    """Maps and probabilities without a network; they depend on the image's number, and tell apart two classes.

    Attributes:
        phase: of the class.
        runner_up: the same of another class.
        asked: what variants there were of which image.
    """

    phase: float
    runner_up: "MadeUp | None" = None
    asked: list = None

    def in_chunks(self, images, build):
        variants = torch.cat([build(first, min(first + 3, len(images))) for first in range(0, len(images), 3)])
        assert len(variants) == len(images)
        return variants, torch.tensor(list(images))

    def maps(self, images, build):
        variants, numbers = self.in_chunks(images, build)
        if self.asked is not None:
            self.asked.append((tuple(images), tuple(variants.shape)))
        return (3 * variants.mean(1) + numbers[:, None, None] + self.phase).sin().relu()

    def probabilities(self, images, build):
        variants, numbers = self.in_chunks(images, build)
        return (variants.square().mean((1, 2, 3)) + numbers + self.phase).cos().square()


def images(count=2):
    return torch.randn(count, 3, *SIZE, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def resized(image, size):
    """Bilinear; where there will be fewer pixels, the triangle is as wide as the pixels that fall into one."""
    for axis, new in ((1, size[0]), (2, size[1])):
        old = image.shape[axis]
        reach = max(old / new, 1)
        lines = []
        for i in range(new):
            distance = np.abs((np.arange(old) + 0.5) - (i + 0.5) * old / new) / reach
            weight = np.maximum(1 - distance, 0)
            lines.append(np.tensordot(image, weight / weight.sum(), (axis, 0)))
        image = np.stack(lines, axis)
    return image


def one(values):
    """Return a build function of one variant."""
    return lambda *_: torch.from_numpy(values)[None]


def slow_sess(image, number, method, filtered):
    """Tursun et al. 2022 as the wrapper's docstring has it, patch by patch."""
    height, width = SIZE
    patches = []
    for step in range(12):
        scaled = [round(side * (224 + 64 * step) / 224) for side in SIZE]
        enlarged = resized(image, scaled)
        for top in range(0, scaled[0], height):
            for left in range(0, scaled[1], width):
                y, x = min(top, scaled[0] - height), min(left, scaled[1] - width)
                patch = enlarged[:, y : y + height, x : x + width]
                probability = method.probabilities([number], one(patch)).item()
                patches.append((probability, len(patches), patch, scaled, y, x))
    best = max(patches)[0]
    total, count = np.zeros(SIZE), np.zeros(SIZE)
    for probability, _, patch, scaled, y, x in sorted(patches)[int(filtered * len(patches)) :]:
        canvas = np.zeros(scaled)
        found = unit(method.maps([number], one(patch))[0].numpy())
        canvas[y : y + height, x : x + width] = found * probability / best
        placed = upsampled(canvas, SIZE)
        total += placed
        count += placed > 1e-6
    return blurred((total / np.maximum(count, 1))[None], 11, 5.0)[0]


def slow_nff(image, number, method):
    """Zhou et al. 2025 as the wrapper's docstring has it."""

    def over_scales(one_class):
        total = np.zeros(SIZE)
        for scale in (0.5, 1, 1.5, 2):
            variant = resized(image, [round(scale * side) for side in SIZE])
            found = upsampled(one_class.maps([number], one(variant))[0].numpy(), SIZE)
            total += found / found.max() if found.any() else found
        return total / 4

    if method.runner_up is None:
        return over_scales(method)
    return np.maximum(over_scales(method) - over_scales(method.runner_up), 0)


def test_sess_is_its_description():
    batch, method = images(), MadeUp(0.4)
    found = WRAPPERS["sess"].compute(batch, method)
    expected = [slow_sess(image, number, method, 0.5) for number, image in enumerate(batch.numpy())]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert (found > 0).any((1, 2)).all()
    assert found.max() <= 1


@pytest.mark.parametrize("other", [None, MadeUp(2.0)])
def test_nff_is_its_description(other):
    batch, method = images(), MadeUp(0.4, other)
    found = WRAPPERS["nff"].compute(batch, method)
    expected = [slow_nff(image, number, method) for number, image in enumerate(batch.numpy())]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert (found > 0).any((1, 2)).all()


def test_sess_looks_at_the_better_half_of_the_patches_of_each_image():
    method = MadeUp(0.4, asked=[])
    WRAPPERS["sess"].compute(images(), method)
    assert method.asked == [((number,) * 61, (61, 3, *SIZE)) for number in range(2)]


def test_nff_looks_at_the_whole_batch_at_four_sizes():
    method = MadeUp(0.4, asked=[])
    WRAPPERS["nff"].compute(images(), method)
    assert [shape[2:] for _, shape in method.asked] == [(4, 7), (9, 14), (14, 21), (18, 28)]
    assert {numbers for numbers, _ in method.asked} == {(0, 1)}


@pytest.mark.parametrize("name", WRAPPERS)
def test_where_nothing_is_found_nothing_is_marked_and_there_is_no_nan(name):
    class Blind(MadeUp):
        def maps(self, images, build):
            return 0 * super().maps(images, build)

        def probabilities(self, images, build):
            return 0 * super().probabilities(images, build)

    assert not WRAPPERS[name].compute(images(), Blind(0.4)).any()


@pytest.mark.parametrize("name", WRAPPERS)
def test_the_images_stay_as_they_are(name):
    batch = images()
    WRAPPERS[name].compute(batch, MadeUp(0.4, MadeUp(2.0)))
    assert torch.equal(batch, images())


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_names_its_source_and_says_what_it_computes(name):
    assert WRAPPERS[name].paper
    assert WRAPPERS[name].compute.__doc__


@pytest.mark.parametrize(
    "text",
    ["sess:grad-cam", "nff:layer-cam", "sess:ra-cam/S2-S4=max@30", "nff:lt-grad-cam@30[corners=aligned]", "sess:cam"],
)
def test_a_wrapped_spec_is_its_spec_and_the_wrappers_name(text):
    spec = parse(text)
    prefix, _, bare = text.partition(":")
    assert spec.wrapper == prefix
    assert str(spec) == f"{prefix}:{parse(bare)}"
    assert parse(str(spec)) == spec != parse(bare)


def test_a_registered_wrapper_is_given_back_as_it_was_and_can_be_written():
    def mine(images, inner):
        return images[:, 0]

    assert wrapper("mine", paper="none")(mine) is mine
    assert parse("mine:grad-cam/S2").wrapper == "mine"
    assert WRAPPERS["mine"].paper == "none"


def test_the_name_of_a_wrapper_is_given_once():
    with pytest.raises(MethodError, match="the prefix sess: is taken"):
        wrapper("sess", paper="none")(lambda images, inner: images[:, 0])
    with pytest.raises(MethodError, match="the prefix nff: is taken"):
        library("nff", "nothing", "nothing")(list)
    with pytest.raises(MethodError, match="a method called 'grad-cam' already"):
        wrapper("grad-cam", paper="none")(lambda images, inner: images[:, 0])
    with pytest.raises(MethodError, match="belong to specs"):
        wrapper("a:b", paper="none")(lambda images, inner: images[:, 0])


@pytest.mark.parametrize("text", ["sess:nff:grad-cam", "ses:grad-cam", ":grad-cam"])
def test_a_wrapper_that_does_not_exist_is_an_error(text):
    with pytest.raises(MethodError):
        parse(text)
