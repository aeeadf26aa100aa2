"""From one layer's activation and gradient to maps by one method, under several truncations at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from methods.rules import Truncation, truncate

BLOCK = 2**18
"""Values in a block on the CPU: a few tensors of this size fit into its cache, which is several times faster."""

EVERY = slice(None)

Weighting = Callable[[Tensor, Tensor], Tensor]
"""(activation, gradient), both (n, K, h, w) -> map (n, h, w)."""
Cut = tuple[Truncation, Tensor]
"""A truncation and its threshold, (B, K, 1, 1) or (B, 1, 1, 1)."""


def weighted_in_blocks(
    weighting: Weighting, activation: Tensor, gradient: Tensor, cuts: Sequence[Cut | None]
) -> tuple[Tensor, ...]:
    """Return the map of a layer under each truncation, computed from a few channels at a time.

    Args:
        weighting: a method whose map is a sum over channels, to which each channel contributes by itself.
        activation: (B, K, h, w).
        gradient: (B, K, h, w).
        cuts: the truncations of the gradient; None leaves it as it is.

    Returns:
        For each truncation a map, (B, h, w).
    """
    images, channels, height, width = activation.shape
    if activation.device.type != "cpu":
        return weighted_whole(weighting, activation, gradient, cuts)
    size = max(BLOCK // (height * width), 1)
    maps = activation.new_zeros(len(cuts), images, height, width)
    for image in range(images):
        one = slice(image, image + 1)
        for first in range(0, channels, size):
            block = slice(first, first + size)
            for number, cut in enumerate(cuts):
                maps[number, one] += weighting(activation[one, block], _cut(gradient, cut, one, block))
    return tuple(maps)


def weighted_whole(
    weighting: Weighting, activation: Tensor, gradient: Tensor, cuts: Sequence[Cut | None]
) -> tuple[Tensor, ...]:
    """Return the maps of any `weighting`, computed from all channels at once; otherwise as `weighted_in_blocks`."""
    return tuple(weighting(activation, _cut(gradient, cut)) for cut in cuts)


def _cut(gradient: Tensor, cut: Cut | None, images: slice = EVERY, channels: slice = EVERY) -> Tensor:
    """Return some images and channels of the gradient, truncated."""
    part = gradient[images, channels]
    if cut is None:
        return part
    truncation, threshold = cut
    return truncate(part, threshold[images, channels if threshold.shape[1] > 1 else EVERY], truncation.kept)
