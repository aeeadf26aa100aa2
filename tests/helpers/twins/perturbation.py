"""Twins of methods/catalogue/perturbation.py."""

import numpy as np
import torch

from tests.helpers.twins.arithmetic import blurred, by_layer, unit, upsampled
from tests.helpers.twins.registry import evidence_twin


@evidence_twin("ablation-cam")
def ablation_cam(view, by="zero"):
    """Ramaswamy et al. 2020, eq. 3 without its division by y: w_k = y - y_k, one forward pass a channel."""

    def weight(layer, b):
        activation = view.activation(layer)[b]
        for k in range(len(activation)):
            without = activation.clone()
            without[k] = activation[k].mean() if by == "mean" else 0
            y_k = view.scores_behind(layer, b, 1, lambda *_, without=without: without[None])
            yield (view.score[b] - y_k[0]).item()

    return by_layer(view, weight)


@evidence_twin("score-cam")
def score_cam(view):
    """Wang et al. 2020, algorithm 1: a forward pass for each mask s(Up(A_k)), then the softmax over k."""

    def weight(layer, b):
        found = []
        for channel in view.activation(layer)[b].numpy():
            mask = torch.from_numpy(unit(upsampled(channel, view.input.shape[2:])))
            found.append(view.scores(b, 1, lambda *_, mask=mask: (mask * view.input[b])[None])[0].item())
        return np.exp(found) / np.exp(found).sum()

    return by_layer(view, weight)


def alone(a):
    return [[k] for k in range(len(a))]


def clustered(a, groups):
    """Join the two groups of channels whose mean cosine distance is the smallest until `groups` are left."""
    found = [[k] for k in range(len(a)) if a[k].any()]

    def distance(k, other):
        return 1 - (a[k] * a[other]).sum() / np.sqrt((a[k] ** 2).sum() * (a[other] ** 2).sum())

    while len(found) > groups:
        pairs = [(i, j) for j in range(len(found)) for i in range(j)]
        i, j = min(pairs, key=lambda ij: np.mean([distance(k, o) for k in found[ij[0]] for o in found[ij[1]]]))
        found[i] += found.pop(j)
    return found


@evidence_twin("fsg-cam")
def fsg_cam(view, groups=32):
    """Wang et al. 2025 as the method's docstring has it."""
    return group_cam(view, lambda a: clustered(a, groups))


@evidence_twin("group-cam")
def group_cam(view, grouped=alone):
    """Zhang et al. 2021 as the method's docstring has it, group by group; there are fewer channels than groups."""
    layer, size = view.layers[-1], view.input.shape[2:]
    out = []
    for b, (a, g) in enumerate(zip(view.activation(layer).numpy(), view.gradient(layer).numpy(), strict=True)):
        parts = g.mean((1, 2))[:, None, None] * a
        blur = torch.from_numpy(blurred(view.input[b].numpy()))
        base = view.scores(b, 1, lambda *_, blur=blur: blur[None])[0].item()
        total = np.zeros(tuple(size))
        for channels in grouped(a):
            part = np.maximum(sum(parts[k] for k in channels), 0)
            kept = np.where(part > np.quantile(part, 0.7), part, 0)
            mask = unit(upsampled(kept, size))
            seen = torch.from_numpy(mask) * view.input[b] + (1 - torch.from_numpy(mask)) * blur
            total += (view.scores(b, 1, lambda *_, seen=seen: seen[None])[0].item() - base) * mask
        out.append(total)
    return np.stack(out)
