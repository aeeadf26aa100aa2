"""Methods that run the network again: on activations without one channel, or on the image behind a mask."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from torch import Tensor

from methods.catalogue.blurring import blurred
from methods.contract import EvidenceView
from methods.errors import MethodError
from methods.fusing import minmax, upsample
from methods.registry import evidence_method

GROUPS = 32
KEPT = 0.7
"""Group-CAM keeps the values above this quantile of a mask."""
BLUR_SIDE, BLUR_DEVIATION = 51, 50.0
"""Side and deviation of the Gaussian by which Group-CAM removes the evidence from an image, in pixels."""


@evidence_method("ablation-cam", paper="Ramaswamy et al. 2020, eq. 3 and 5", passes=lambda channels: channels)
def ablation_cam(view: EvidenceView, *, by: str = "zero") -> dict[str, Tensor]:
    """Σ_k w_k A_k by layer, (B, h, w), w_k = y - y_k, y_k the score without channel k.

    The paper divides w_k by y. That is one factor for the whole map, which no normalised map shows, as long as y is
    positive; a logit may be negative or 0, which would turn the map over or make it infinite, so it is left out.

    Args:
        view: of the evidence.
        by: what a channel becomes: ``zero``, as in the paper, or its own spatial ``mean``.

    Raises:
        MethodError: `by` is something else.
    """
    if by not in {"zero", "mean"}:
        raise MethodError(f"ablation-cam: a channel is ablated by zero or mean, not by {by!r}")
    return {layer: _ablated(view, layer, by) for layer in view.layers}


def _ablated(view: EvidenceView, layer: str, by: str) -> Tensor:
    activation = view.activation(layer)
    instead = activation.mean((2, 3)) if by == "mean" else torch.zeros_like(activation[:, :, 0, 0])

    def without(image: int, first: int, last: int) -> Tensor:
        rows = activation[image].expand(last - first, -1, -1, -1).clone()
        channels = torch.arange(first, last)
        rows[channels - first, channels] = instead[image, channels, None, None]
        return rows

    channels = activation.shape[1]
    left = [view.scores_behind(layer, image, channels, partial(without, image)) for image in range(len(activation))]
    score = view.score[:, None]
    weight = score - torch.stack(left)
    return (weight[:, :, None, None] * activation).sum(1)


@evidence_method("score-cam", paper="Wang et al. 2020, eq. 5-6 and algorithm 1", passes=lambda channels: channels)
def score_cam(view: EvidenceView) -> dict[str, Tensor]:
    """Σ_k w_k A_k by layer, (B, h, w), w the softmax over channels of the score behind each channel as a mask.

    The softmax over channels is the paper's; its authors' code weighs by the softmax over classes instead. A mask is
    the channel upsampled and scaled to [0, 1]; a channel without a range masks everything, and one forward pass is
    enough for all of these.
    """
    return {
        layer: torch.stack([_scored(view, layer, image) for image in range(len(view.input))]) for layer in view.layers
    }


def _scored(view: EvidenceView, layer: str, image: int) -> Tensor:
    activation = view.activation(layer)[image]
    alive = (activation.amax((1, 2)) > activation.amin((1, 2))).nonzero()[:, 0]
    size = (view.input.shape[2], view.input.shape[3])

    def masked(first: int, last: int) -> Tensor:
        masks = minmax(upsample(activation[alive[first:last]], size))
        return masks[:, None] * view.input[image]

    score = activation.new_empty(len(activation))
    score[alive] = view.scores(image, len(alive), masked).to(score)
    if len(alive) < len(activation):
        flat = torch.ones_like(score, dtype=torch.bool)
        flat[alive] = False
        score[flat] = view.scores(image, 1, lambda *_: torch.zeros_like(view.input[image : image + 1])).to(score)
    return (score.softmax(0)[:, None, None] * activation).sum(0)


@evidence_method("group-cam", paper="Zhang et al. 2021", rules=True, passes=lambda channels: min(channels, GROUPS) + 1)
def group_cam(view: EvidenceView, *, groups: int = GROUPS) -> Tensor:
    """ReLU(Σ_g w_g M_g), (B, H, W), w_g how much more a blurred image scores where mask M_g shows it sharp.

    M_g is the Grad-CAM map ReLU(Σ_k w_k A_k) of a group of neighbouring channels, its values below the 70 % quantile
    set to 0, then scaled to [0, 1]. As in the authors' code the ReLU stands behind the sum over the group. Our reading:
    the gain is that of the class score, in that code that of the probability, of which only gains count.

    Args:
        view: of the evidence.
        groups: number of groups; there are no more than channels.
    """
    return torch.stack(
        [
            _gained(view, image, torch.stack([part.sum(0) for part in terms.tensor_split(min(groups, len(terms)))]))
            for image, terms in enumerate(_grad_cam_terms(view))
        ]
    )


@evidence_method(
    "fsg-cam",
    paper="Wang et al. 2025",
    rules=True,
    passes=lambda channels: min(channels, GROUPS) + 1,
    remark="a reading of the title of its paper, no reproduction",
)
def fsg_cam(view: EvidenceView, *, groups: int = GROUPS) -> Tensor:
    """ReLU(Σ_g w_g M_g), (B, H, W), as `group_cam`, but the channels of a group have similar activations.

    Our reading of the title alone, "feature similarity group-class activation mapping": the channels that are not 0
    everywhere are joined two by two, the groups with the smallest mean cosine distance between their channels first,
    until no more than `groups` are left. All else is that of Group-CAM.

    Args:
        view: of the evidence.
        groups: the largest number of groups.
    """
    activation = view.activation(view.layers[-1])
    return torch.stack(
        [
            _gained(view, image, _summed(terms, _similar(activation[image], groups)))
            for image, terms in enumerate(_grad_cam_terms(view))
        ]
    )


def _grad_cam_terms(view: EvidenceView) -> Tensor:
    """Return w_k A_k of each channel of the last layer, (B, K, h, w)."""
    gradient, activation = view.gradient(view.layers[-1]), view.activation(view.layers[-1])
    return gradient.mean((2, 3), keepdim=True) * activation


def _similar(activation: Tensor, groups: int) -> Tensor:
    """Return the number of the group, from 0, of each channel of (K, h, w); -1 for channels that are 0 everywhere."""
    rows = activation.flatten(1).double().cpu().numpy()
    alive = rows.any(1)
    number = np.full(len(rows), -1)
    if alive.sum() > 1:
        number[alive] = fcluster(linkage(rows[alive], "average", "cosine"), groups, "maxclust") - 1
    else:
        number[alive] = 0
    return torch.from_numpy(number).to(activation.device)


def _summed(maps: Tensor, number: Tensor) -> Tensor:
    """Return the sum of the maps (K, h, w) of each group, (G, h, w), G at least 1."""
    kept = number >= 0
    count = max(int(number.max()) + 1, 1)
    return maps.new_zeros(count, *maps.shape[1:]).index_add_(0, number[kept], maps[kept])


def _gained(view: EvidenceView, image: int, together: Tensor) -> Tensor:
    """Return the masks that are made of (G, h, w), weighted by what the image gains behind them, summed, (H, W)."""
    size, together = (view.input.shape[2], view.input.shape[3]), together.relu()
    threshold = together.flatten(1).quantile(KEPT, 1)[:, None, None]
    masks = minmax(upsample(torch.where(together > threshold, together, 0), size))
    sharp, blur = view.input[image], blurred(view.input[image], BLUR_SIDE, BLUR_DEVIATION)

    def shown(first: int, last: int) -> Tensor:
        return torch.cat([torch.zeros_like(masks[:1]), masks])[first:last, None] * (sharp - blur) + blur

    scores = view.scores(image, len(masks) + 1, shown).to(masks)
    return ((scores[1:] - scores[0])[:, None, None] * masks).sum(0)
