"""From one raw map a layer to one raw map: upsample, then fuse. The one place where maps are joined.

LTGrad-CAM paper, eq. 8: the sum of the bilinearly upsampled maps. The other ways are readings of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

Parts = Tensor
"""The layers' maps at the input's size, (L, B, H, W), non-negative."""


def _over_maximum(parts: Parts) -> Parts:
    return parts / parts.amax((2, 3), keepdim=True).clamp(min=torch.finfo(parts.dtype).tiny)


def _minmax(parts: Parts) -> Parts:
    return _over_maximum(parts - parts.amin((2, 3), keepdim=True))


def _tanh(parts: Parts) -> Parts:
    """LayerCAM paper, eq. 9 with γ = 2."""
    return torch.tanh(2 * _over_maximum(parts))


@dataclass(frozen=True)
class Fusing:
    """One way of joining layers: each map is prepared, then all are reduced to one."""

    prepare: Callable[[Parts], Parts]
    reduce: Callable[[Parts], Tensor]


FUSE: dict[str, Fusing] = {
    "sum": Fusing(lambda parts: parts, lambda parts: parts.sum(0)),
    "minmax": Fusing(_minmax, lambda parts: parts.sum(0)),
    "max": Fusing(lambda parts: parts, lambda parts: parts.amax(0)),
    "tanh": Fusing(_tanh, lambda parts: parts.amax(0)),
    "product": Fusing(_over_maximum, lambda parts: parts.prod(0)),
    "gmean": Fusing(lambda parts: parts, lambda parts: parts.log().mean(0).exp()),
}
"""Divided by their maxima, maps change a product by a factor only, and its values stay in range."""


@dataclass(frozen=True)
class Heatmap:
    """A raw heatmap of B images.

    Attributes:
        values: (B, H, W), non-negative, not normalised, at the size of the network's input.
        shares: (B, L); what each layer's map holds of the sum of all at the pixel where `values` is
            largest. NaN where every layer is 0 there.
    """

    values: Tensor
    shares: Tensor


def fuse(maps: list[Tensor], how: str, size: tuple[int, int]) -> Heatmap:
    """Upsample one map a layer and join them.

    Args:
        maps: one (B, h, w) tensor a layer, each of its own h x w.
        how: a name in `FUSE`.
        size: (H, W) of the input, in pixels.
    """
    parts = FUSE[how].prepare(torch.stack([upsample(one, size) for one in maps]))
    values = FUSE[how].reduce(parts)
    peak = values.flatten(1).argmax(1)
    at_peak = parts.flatten(2).gather(2, peak.expand(len(maps), -1)[..., None])[..., 0]
    return Heatmap(values, (at_peak / at_peak.sum(0)).T)


def upsample(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (B, h, w) to (B, H, W), bilinear with ``align_corners=False``."""
    if maps.shape[1:] == size:
        return maps
    return interpolate(maps[:, None], size, mode="bilinear", align_corners=False)[:, 0]
