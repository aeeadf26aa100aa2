"""Which axes of a layer's output are channels and positions, which differ between kinds of networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.network.tracing import Call
from methods.errors import NotApplicableError

MOST_EXTRA = 8
"""Tokens before those of positions: class, distillation and register tokens."""
Grid = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """The order of axes in the output of a layer.

    Attributes:
        kind: ``maps``, (B, K, h, w); ``channels last``, (B, h, w, K); or ``tokens``, (B, extra + h * w, K).
        grid: (h, w).
        extra: number of tokens at the beginning that belong to no position.
    """

    kind: str
    grid: Grid
    extra: int = 0

    def to_maps(self, output: Tensor) -> Tensor:
        """Return an output of the layer, or the gradient there, as maps, (B, K, h, w).

        Examples:
            >>> Layout("tokens", (2, 3), extra=1).to_maps(torch.zeros(5, 7, 4)).shape
            torch.Size([5, 4, 2, 3])

        Raises:
            NotApplicableError: the number of tokens differs from that of the recorded image.
        """
        if self.kind == "channels last":
            return output.permute(0, 3, 1, 2)
        if self.kind == "tokens":
            if output.shape[1] != self.extra + self.grid[0] * self.grid[1]:
                raise NotApplicableError(
                    "at another size than the batch's the tokens of a transformer cannot be placed"
                )
            return output[:, self.extra :].transpose(1, 2).reshape(len(output), -1, *self.grid)
        return output

    def from_maps(self, maps: Tensor, recorded: Tensor) -> Tensor:
        """Return maps, (n, K, h, w), as outputs of the layer, behind the extra tokens of `recorded`, (1, ...)."""
        if self.kind == "channels last":
            return maps.permute(0, 2, 3, 1)
        if self.kind == "tokens":
            extra = recorded[:, : self.extra].to(maps).expand(len(maps), -1, -1)
            return torch.cat([extra, maps.flatten(2).transpose(1, 2)], 1)
        return maps


def layouts(calls: Iterable[Call], size: Grid) -> dict[str, Layout]:
    """Return the layout of each output that has positions, by the name of its module.

    Convolutions, normalisations and linear layers define which axis their channels are. The grids of their positions
    are then looked for in the outputs of all other modules.

    Args:
        calls: of one recorded forward pass on one image, in the order in which they ended.
        size: (H, W) of the image.
    """
    # The first axis is not that of images where windows are cut out, or where something is made once for all images.
    calls = [call for call in calls if call.output is not None and len(call.output) == 1]
    own = {id(call): grid for call in calls if (grid := _own_grid(call))}
    grids = set(own.values())
    by_name, latest = {}, list[Grid]()
    for call in calls:
        if call.output is None:
            continue
        shape = tuple(call.output.shape[1:])
        if grid := own.get(id(call)):
            latest.append(grid)
        if len(shape) == 3:
            first, last = shape[1:], shape[:2]
            channels_last = _acts_on_last(call) if id(call) in own else last in grids and first not in grids
            by_name[call.name] = Layout("channels last", last) if channels_last else Layout("maps", first)
        elif len(shape) == 2 and (tokens := _tokens(shape[0], [*reversed(latest)], size)):
            by_name[call.name] = tokens
    return by_name


def _acts_on_last(call: Call) -> bool:
    """Tell whether the channels of a module are the last axis of its output."""
    if call.output is None or isinstance(call.module, nn.Conv2d | nn.modules.batchnorm._BatchNorm):  # noqa: SLF001
        return False
    width = call.output.shape[-1]
    if isinstance(call.module, nn.Linear):
        return True
    return isinstance(call.module, nn.LayerNorm) and tuple(call.module.normalized_shape) == (width,) != (
        call.output.shape[1],
    )


def _own_grid(call: Call) -> Grid | None:
    """Return the grid of a four-dimensional output, if the module defines which axis its channels are."""
    if call.output is None or call.output.dim() != 4:
        return None
    height, width = call.output.shape[1:3] if _acts_on_last(call) else call.output.shape[2:]
    known = isinstance(call.module, nn.Conv2d | nn.modules.batchnorm._BatchNorm) or _acts_on_last(call)  # noqa: SLF001
    return (int(height), int(width)) if known else None


def _tokens(count: int, grids: list[Grid], size: Grid) -> Layout | None:
    """Return the layout of `count` tokens: the first of `grids` that they can fill, or a grid in the image's shape."""
    for height, width in grids:
        if 0 <= (extra := count - height * width) <= MOST_EXTRA:
            return Layout("tokens", (height, width), extra)
    for extra in range(MOST_EXTRA + 1):
        height = round(((count - extra) * size[0] / size[1]) ** 0.5) if count > extra else 0
        if (
            height
            and height * (width := (count - extra) // height) == count - extra
            and height * size[1] == width * size[0]
        ):
            return Layout("tokens", (height, width), extra)
    return None
