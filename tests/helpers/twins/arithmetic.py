"""What several twins are made of."""

import math

import numpy as np


def relu(number):
    return max(number, 0.0)


def weighted_sum(weight, a):
    """ReLU(Σ_k w_k A_k), at every position."""
    channels, height, width = a.shape
    out = np.zeros((height, width))
    for i, j in np.ndindex(height, width):
        out[i, j] = relu(sum(weight[k] * a[k, i, j] for k in range(channels)))
    return out


def by_layer(view, weight_of):
    """Σ_k w_k A_k of each layer and image."""
    maps = {}
    for layer in view.layers:
        images = view.activation(layer).numpy()
        maps[layer] = np.stack(
            [sum(w * a for w, a in zip(weight_of(layer, b), image, strict=True)) for b, image in enumerate(images)]
        )
    return maps


def summed(part):
    """Sum over positions, channel by channel."""
    total = np.zeros(len(part))
    for k, i, j in np.ndindex(part.shape):
        total[k] += part[k, i, j]
    return total


def unit(part):
    span = part.max() - part.min()
    return (part - part.min()) / span if span else np.zeros_like(part)


def blurred(image, side=51, deviation=50.0):
    """A Gaussian over the last two axes of three, edges repeated."""
    weight = np.exp(-((np.arange(side) - side // 2) ** 2) / (2 * deviation**2))
    weight /= weight.sum()
    out = image
    for axis in (1, 2):
        width = [(0, 0)] * 3
        width[axis] = (side // 2, side // 2)
        padded = np.pad(out, width, "edge")
        out = np.apply_along_axis(lambda line: np.convolve(line, weight, "valid"), axis, padded)
    return out


def threshold(values, delta):
    """The δ-th percentile of the positive ones among `values`: the smallest that enough of them do not exceed."""
    positive = sorted(value for value in np.ravel(values) if value > 0)
    return np.percentile(positive, delta, method="higher") if positive else math.inf


def truncated(g, delta):
    """Eq. 9 of the LTGrad-CAM paper and eq. 6 of the RA-CAM paper, on (B, K, h, w).

    Without positions, (B, K) or (B, K, 1, 1), an image is one map.
    """
    out = np.zeros_like(g)
    for index in np.ndindex(g.shape[:2] if math.prod(g.shape[2:]) > 1 else g.shape[:1]):
        t = threshold(g[index], delta)
        for position in np.ndindex(g[index].shape):
            if g[index][position] >= t:
                out[index][position] = g[index][position]
    return out


def upsampled(one, size):
    """Bilinear with ``align_corners=False``: pixel centres, repeated edges."""
    (height, width), (rows, columns) = one.shape, size
    out = np.zeros(size)
    for i, j in np.ndindex(size):
        y = min(max((i + 0.5) * height / rows - 0.5, 0), height - 1)
        x = min(max((j + 0.5) * width / columns - 0.5, 0), width - 1)
        top, left = math.floor(y), math.floor(x)
        bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
        down, across = y - top, x - left
        out[i, j] = (1 - down) * ((1 - across) * one[top, left] + across * one[top, right]) + down * (
            (1 - across) * one[bottom, left] + across * one[bottom, right]
        )
    return out
