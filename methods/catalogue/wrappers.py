"""Wrappers: any method, applied to scaled or cut variants of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from methods.catalogue.blurring import blurred
from methods.contract import Build, InnerMethod
from methods.fusing import minmax, over_maximum, upsample
from methods.registry import wrapper

SESS_SCALES = tuple(1 + 2 * step / 7 for step in range(12))
FILTERED = 0.5
"""Share of patches that SESS leaves out: those in which the class is least probable."""
ZERO = 1e-6
"""Values below it are 0 up to rounding: those of a patch are at most 1."""
SMOOTHING_SIDE, SMOOTHING_DEVIATION = 11, 5.0
"""Side and deviation of the Gaussian that smooths the result of SESS, in pixels."""
NFF_SCALES = (0.5, 1.0, 1.5, 2.0)

Size = tuple[int, int]


@dataclass(frozen=True)
class _Patch:
    """A part of the scaled image, as large as the image itself.

    Attributes:
        scaled: (height, width) of the scaled image, in pixels.
        top: first row of the patch in it.
        left: first column.
    """

    scaled: Size
    top: int
    left: int

    def cut(self, scaled: Tensor, size: Size) -> Tensor:
        """Return this part of the scaled image, (C, h, w): a view of it, (C, H, W)."""
        return scaled[:, self.top : self.top + size[0], self.left : self.left + size[1]]

    def placed(self, one: Tensor) -> Tensor:
        """Return the patch's map, (H, W), scaled down to its place in the image, (H, W), with 0 around it."""
        canvas = one.new_zeros(1, *self.scaled)
        self.cut(canvas, (one.shape[0], one.shape[1])).copy_(one)
        return upsample(canvas, (one.shape[0], one.shape[1]))[0]


@wrapper("sess", paper="Tursun et al. 2022, and its authors' code")
def sess(images: Tensor, inner: InnerMethod) -> Tensor:
    """Σ_i w_i M_i divided by the number of patches i where w_i M_i > 0, smoothed, (B, H, W), in [0, 1].

    The image is enlarged in twelve steps; a window slides over each enlargement without gaps, and is shifted back at
    the far edges; the patches in which the class is least probable are left out; M_i is a patch's map, scaled to
    [0, 1] and put back where the patch lies; w_i is the probability of the class in the patch divided by that in the
    best one; a Gaussian of 11 x 11 pixels, deviation 5, smooths the result. The steps, 224 + 64 i pixels for windows of
    224, the softmax, the fusing and the Gaussian are those of the authors' code.

    Our reading: the window has the size and shape of the network's input, as that code's has for the networks it is
    made for, and the steps go with it; half of the patches are left out, where that code leaves the share to its caller
    and by default leaves out none; edges are repeated under the Gaussian.
    """
    return torch.stack([_enhanced(images, number, inner) for number in range(len(images))])


def _enhanced(images: Tensor, number: int, inner: InnerMethod) -> Tensor:
    size = (images.shape[2], images.shape[3])
    patches = [patch for scale in SESS_SCALES for patch in _patches(scale, size)]
    probability = inner.probabilities([number] * len(patches), _cutting(images[number], patches))
    best = probability.argsort(stable=True)[int(FILTERED * len(patches)) :].sort().values
    shown = [patches[index] for index in best.tolist()]
    maps = minmax(inner.maps([number] * len(shown), _cutting(images[number], shown)))
    weight = (probability[best] / probability.max().clamp(min=torch.finfo(probability.dtype).tiny)).to(maps)
    total, count = torch.zeros_like(maps[0]), torch.zeros_like(maps[0])
    for patch, one in zip(shown, weight[:, None, None] * maps, strict=True):
        placed = patch.placed(one)
        total += placed
        count += placed > ZERO
    return blurred((total / count.clamp(min=1))[None], SMOOTHING_SIDE, SMOOTHING_DEVIATION)[0]


def _patches(scale: float, size: Size) -> list[_Patch]:
    scaled = _times(scale, size)
    tops, lefts = (
        sorted({min(first, long - short) for first in range(0, long, short)})
        for long, short in zip(scaled, size, strict=True)
    )
    return [_Patch(scaled, top, left) for top in tops for left in lefts]


def _cutting(image: Tensor, patches: Sequence[_Patch]) -> Build:
    """Return the function that cuts `patches` out of the enlarged image; those of one enlargement are neighbours."""
    size = (image.shape[1], image.shape[2])
    enlarged = lru_cache(maxsize=1)(partial(_resized, image[None]))

    def build(first: int, last: int) -> Tensor:
        return torch.stack([patch.cut(enlarged(patch.scaled)[0], size) for patch in patches[first:last]])

    return build


@wrapper("nff", paper="Zhou et al. 2025", remark="a reading of two sentences about it, no reproduction")
def nff(images: Tensor, inner: InnerMethod) -> Tensor:
    """ReLU(T - O), (B, H, W), in [0, 1]: T the class's maps over the scales of the input, O those of the next class.

    T is the mean, over the image at 0.5, 1, 1.5 and 2 times its size, of the map at the image's size, divided by its
    maximum. O is the same of the class that scores highest beside the explained one; with one logit it is 0.

    Our reading of two sentences, no reproduction. The RA-CAM paper says of NFF-CAM that it adjusts the scale of the
    input, for maps of a higher resolution. NFF-CAM's own abstract says that it finds the channels with features of what
    is not the target, by clustering them, and takes these out; a wrapper sees maps and no channels, so here the part of
    a map that another class explains as well is taken out.
    """
    target = _over_scales(images, inner)
    return target if inner.runner_up is None else (target - _over_scales(images, inner.runner_up)).relu()


def _over_scales(images: Tensor, inner: InnerMethod) -> Tensor:
    size = (images.shape[2], images.shape[3])

    def at(scale: float) -> Tensor:
        resized = _resized(images, _times(scale, size))
        maps = inner.maps(range(len(images)), lambda first, last: resized[first:last])
        return over_maximum(upsample(maps, size))

    return torch.stack([at(scale) for scale in NFF_SCALES]).mean(0)


def _times(scale: float, size: Size) -> Size:
    return round(scale * size[0]), round(scale * size[1])


def _resized(images: Tensor, size: Size) -> Tensor:
    """Resize (n, C, H, W), bilinear; pixels are averaged where there will be fewer."""
    return interpolate(images, size, mode="bilinear", antialias=True)
