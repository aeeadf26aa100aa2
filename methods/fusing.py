"""From the raw maps of several layers to one raw heatmap: upsample, then fuse.

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


def over_maximum(maps: Tensor) -> Tensor:
    """Divide each map of (..., H, W) by its maximum; a map of zeros stays as it is.

    Examples:
        >>> over_maximum(torch.tensor([[1.0, 4.0]]))
        tensor([[0.2500, 1.0000]])
    """
    return maps / maps.amax((-2, -1), keepdim=True).clamp(min=torch.finfo(maps.dtype).tiny)


def minmax(maps: Tensor) -> Tensor:
    """Scale each map of (..., H, W) to [0, 1]; a constant map becomes 0.

    Examples:
        >>> minmax(torch.tensor([[1.0, 3.0, 5.0]]))
        tensor([[0.0000, 0.5000, 1.0000]])
    """
    return over_maximum(maps - maps.amin((-2, -1), keepdim=True))


def _tanh(parts: Parts) -> Parts:
    """LayerCAM paper, eq. 9 with γ = 2."""
    return torch.tanh(2 * over_maximum(parts))


@dataclass(frozen=True)
class Fusing:
    """One way of fusing layers: each map is prepared, then all are reduced to one."""

    prepare: Callable[[Parts], Parts]
    reduce: Callable[[Parts], Tensor]


FUSE: dict[str, Fusing] = {
    "sum": Fusing(lambda parts: parts, lambda parts: parts.sum(0)),
    "minmax": Fusing(minmax, lambda parts: parts.sum(0)),
    "max": Fusing(lambda parts: parts, lambda parts: parts.amax(0)),
    "tanh": Fusing(_tanh, lambda parts: parts.amax(0)),
    "product": Fusing(over_maximum, lambda parts: parts.prod(0)),
    "gmean": Fusing(lambda parts: parts, lambda parts: parts.log().mean(0).exp()),
}
"""Dividing the maps of a product by their maxima changes it by a factor only, and keeps its values in range."""


@dataclass(frozen=True)
class Heatmap:
    """A raw heatmap of B images.

    Attributes:
        values: (B, H, W), non-negative, not normalised, at the size of the network's input.
        layer_maps: the maps of the L layers that were fused, (B, h, w), by name; a map that is of no layer is named "".
        shares: (B, L), the share of each layer in the sum of all prepared maps at the pixel where `values` is largest;
            NaN where every layer is 0 there.
    """

    values: Tensor
    layer_maps: dict[str, Tensor]
    shares: Tensor

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers whose maps were fused."""
        return tuple(self.layer_maps)


def fuse(
    maps: dict[str, Tensor],
    how: str,
    size: tuple[int, int],
    *,
    corners: str = "apart",
    prepared: str = "input",
    relu: str = "layer",
) -> Heatmap:
    """Upsample the map of each layer, and fuse them.

    Args:
        maps: the map of each layer, (B, h, w), each of its own h x w, by the layer's name.
        how: a name in `FUSE`.
        size: (H, W) of the input, in pixels.
        corners: ``apart`` or ``aligned``, see `upsample`.
        prepared: whether a map is prepared at the size of the ``input`` or of its ``layer``.
        relu: where negative values become 0: in the map of each ``layer``, in the fused map (``sum``), or nowhere
            (``none``), and then the lowest value is subtracted from the fused map.
    """
    fusing = FUSE[how]
    cut = [one.relu() if relu == "layer" else one for one in maps.values()]
    if prepared == "layer":
        parts = torch.stack([upsample(fusing.prepare(one[None])[0], size, corners) for one in cut])
    else:
        parts = fusing.prepare(torch.stack([upsample(one, size, corners) for one in cut]))
    values = fusing.reduce(parts)
    if relu == "sum":
        values = values.relu()
    elif relu == "none":
        values = values - values.amin((1, 2), keepdim=True)
    peak = values.flatten(1).argmax(1)
    at_peak = parts.flatten(2).gather(2, peak.expand(len(parts), -1)[..., None])[..., 0]
    return Heatmap(values, maps, (at_peak / at_peak.sum(0)).T)


def upsample(maps: Tensor, size: tuple[int, int], corners: str = "apart") -> Tensor:
    """Resize (B, h, w) to (B, H, W) bilinearly.

    Args:
        maps: (B, h, w).
        size: (H, W), in pixels.
        corners: ``aligned`` puts the centres of the corner positions on the centres of the corner pixels, ``apart``
            does not; see ``align_corners`` in PyTorch.
    """
    if maps.shape[1:] == size:
        return maps
    return interpolate(maps[:, None], size, mode="bilinear", align_corners=corners == "aligned")[:, 0]
