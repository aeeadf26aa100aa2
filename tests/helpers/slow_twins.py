"""Every method once more, in loops over k, i and j and in float64, each from its paper's equation.

`a` is the activation and `g` the gradient of one image, both (K, h, w); every map is (h, w).
"""

import math

import numpy as np
import torch


def relu(number):
    return max(number, 0.0)


def weighted_sum(weight, a):
    """ReLU(Σ_k w_k A_k), at every position."""
    channels, height, width = a.shape
    out = np.zeros((height, width))
    for i, j in np.ndindex(height, width):
        out[i, j] = relu(sum(weight[k] * a[k, i, j] for k in range(channels)))
    return out


def grad_cam(a, g):
    """Selvaraju et al. 2017, eq. 1: the weight is (1/Z) Σ_i Σ_j ∂y/∂A_ij; eq. 2: ReLU(Σ_k w_k A_k)."""
    channels, height, width = a.shape
    weight = []
    for k in range(channels):
        total = 0.0
        for i, j in np.ndindex(height, width):
            total += g[k, i, j]
        weight.append(total / (height * width))
    return weighted_sum(weight, a)


def grad_cam_plus_plus(a, g):
    """Chattopadhay et al. 2018, eq. 19, for a score exp(y) on a piecewise linear network; then eq. 10.

    Its first, second and third derivative are exp(y) times g, g² and g³, so exp(y) leaves eq. 19, and in
    eq. 10 it is one factor of the whole map.
    """
    channels, height, width = a.shape
    weight = []
    for k in range(channels):
        total = 0.0
        for m, n in np.ndindex(height, width):
            total += a[k, m, n]
        w = 0.0
        for i, j in np.ndindex(height, width):
            first, second, third = g[k, i, j], g[k, i, j] ** 2, g[k, i, j] ** 3
            alpha = second / (2 * second + total * third) if first else 0.0
            w += alpha * relu(first)
        weight.append(w)
    return weighted_sum(weight, a)


def xgrad_cam(a, g):
    """Fu et al. 2020, eq. 6-7: the weight is Σ_ij (A_ij / Σ_ij A_ij) ∂y/∂A_ij."""
    channels, height, width = a.shape
    weight = []
    for k in range(channels):
        total = 0.0
        for i, j in np.ndindex(height, width):
            total += a[k, i, j]
        w = 0.0
        for i, j in np.ndindex(height, width):
            w += a[k, i, j] / total * g[k, i, j]
        weight.append(w)
    return weighted_sum(weight, a)


def position_by_position(a, g, term):
    channels, height, width = a.shape
    out = np.zeros((height, width))
    for i, j in np.ndindex(height, width):
        out[i, j] = sum(term(a[k, i, j], g[k, i, j]) for k in range(channels))
    return out


def hires_cam(a, g):
    """Draelos and Carin 2020, eq. 4, and the ReLU of Grad-CAM."""
    return np.maximum(position_by_position(a, g, lambda a_ij, g_ij: g_ij * a_ij), 0)


def layer_cam(a, g):
    """Jiang et al. 2021, eq. 5-7: the weight of a position is ReLU(∂y/∂A_ij)."""
    return np.maximum(position_by_position(a, g, lambda a_ij, g_ij: relu(g_ij) * a_ij), 0)


def grad_cam_elementwise(a, g):
    """What pytorch-grad-cam calls GradCAMElementWise: Σ_k ReLU(A g)."""
    return position_by_position(a, g, lambda a_ij, g_ij: relu(g_ij * a_ij))


def eigen(features):
    """Muhammad and Yeasin 2020, eq. 2-3: I = U Σ V^T, L = I v_1; the sign follows the sum of the channels."""
    channels, height, width = features.shape
    rows = features.reshape(channels, -1).T
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    projected = rows @ directions[0]
    return (projected * (-1 if (projected * rows.sum(1)).sum() < 0 else 1)).reshape(height, width)


def eigen_grad_cam(a, g):
    return np.maximum(eigen(g * a), 0)


GRADIENT_TWINS = {
    "eigen-grad-cam": eigen_grad_cam,
    "grad-cam": grad_cam,
    "grad-cam++": grad_cam_plus_plus,
    "xgrad-cam": xgrad_cam,
    "hires-cam": hires_cam,
    "layer-cam": layer_cam,
    "grad-cam-elementwise": grad_cam_elementwise,
}


def cam(view):
    """Zhou et al. 2016, eq. 2: Σ_k w_k f_k(x, y)."""
    pairs = zip(view.class_weights().numpy(), view.activation(view.layers[-1]).numpy(), strict=True)
    return np.stack([sum(w * f for w, f in zip(weight, a, strict=True)) for weight, a in pairs])


def random(view):
    """Noise on the layer's grid, each image's from its own seed."""
    height, width = view.activation(view.layers[-1]).shape[2:]
    generators = [torch.Generator().manual_seed(seed) for seed in view.seeds]
    return np.stack([torch.rand(height, width, generator=one).numpy() for one in generators])


def centre(view):
    """A Gaussian whose standard deviations are a quarter of the way between the outermost pixels."""
    count, _, height, width = view.input.shape
    out = np.zeros((count, height, width))
    for b, i, j in np.ndindex(out.shape):
        down, right = ((2 * at - (side - 1)) / (side - 1) * 2 for at, side in ((i, height), (j, width)))
        out[b, i, j] = math.exp(-(down**2) / 2) * math.exp(-(right**2) / 2)
    return out


def every_pixel(view):
    count, _, height, width = view.input.shape
    out = np.ones((count, height, width))
    for b in range(count):
        out[b, 0, 0] = 0
    return out


def scaled_sizes(part, apart=False):
    """Srinivas and Fleuret 2019, eq. 5: |·|, scaled to [0, 1] over the whole (K, h, w), summed over channels."""
    sizes = np.abs(part)
    out = np.zeros(part.shape[1:])
    for k in range(len(part)):
        block = sizes[k] if apart else sizes
        lowest, span = block.min(), block.max() - block.min()
        for i, j in np.ndindex(out.shape):
            out[i, j] += (sizes[k, i, j] - lowest) / span if span else 0.0
    return out


def full_grad(view, apart=False):
    """Srinivas and Fleuret 2019, eq. 5: the input's part and that of every layer with a bias and positions."""
    parts = {"input": (view.input * view.input_gradient()).numpy()}
    parts |= {layer: part.numpy() for layer, part in view.bias_gradients().items() if part.dim() == 4}
    return {layer: np.stack([scaled_sizes(one, apart) for one in part]) for layer, part in parts.items()}


def by_layer(view, weight_of):
    """Σ_k w_k A_k of each layer and image."""
    maps = {}
    for layer in view.layers:
        images = view.activation(layer).numpy()
        maps[layer] = np.stack(
            [sum(w * a for w, a in zip(weight_of(layer, b), image, strict=True)) for b, image in enumerate(images)]
        )
    return maps


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


def summed(part):
    """Sum over positions, channel by channel."""
    total = np.zeros(len(part))
    for k, i, j in np.ndindex(part.shape):
        total[k] += part[k, i, j]
    return total


def lift_cam(view):
    """Jung and Oh 2021: the contribution of a channel is that of all its positions."""
    return by_layer(view, lambda layer, b: summed(view.deep_lift(layer)[b].numpy()))


def relevance_cam(view):
    """Lee et al. 2021: global average pooling of each channel's relevance."""
    return by_layer(view, lambda layer, b: summed(r := view.relevance(layer)[b].numpy()) / r[0].size)


def unit(part):
    span = part.max() - part.min()
    return (part - part.min()) / span if span else np.zeros_like(part)


def score_cam(view):
    """Wang et al. 2020, algorithm 1: a forward pass for each mask s(Up(A_k)), then the softmax over k."""

    def weight(layer, b):
        found = []
        for channel in view.activation(layer)[b].numpy():
            mask = torch.from_numpy(unit(upsampled(channel, view.input.shape[2:])))
            found.append(view.scores(b, 1, lambda *_, mask=mask: (mask * view.input[b])[None])[0].item())
        return np.exp(found) / np.exp(found).sum()

    return by_layer(view, weight)


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


def fsg_cam(view, groups=32):
    """Wang et al. 2025 as the method's docstring has it."""
    return group_cam(view, lambda a: clustered(a, groups))


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


def eigen_cam(view):
    return {layer: np.stack([eigen(one) for one in view.activation(layer).numpy()]) for layer in view.layers}


def guided_grad_cam(view):
    """Selvaraju et al. 2017: element by element, summed over the image's channels."""
    layer = view.layers[-1]
    out = []
    for a, g, guided in zip(
        view.activation(layer).numpy(), view.gradient(layer).numpy(), view.guided_gradient().numpy(), strict=True
    ):
        coarse = upsampled(grad_cam(a, g), view.input.shape[2:])
        out.append(sum(np.abs(coarse * channel) for channel in guided))
    return np.stack(out)


EVIDENCE_TWINS = {
    "ablation-cam": ablation_cam, "score-cam": score_cam, "group-cam": group_cam, "eigen-cam": eigen_cam,
    "guided-grad-cam": guided_grad_cam, "cam": cam, "full-grad": full_grad, "random": random, "centre": centre,
    "every-pixel": every_pixel, "fsg-cam": fsg_cam, "lift-cam": lift_cam, "relevance-cam": relevance_cam,
}  # fmt: skip


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


class SlowNetwork:
    """A chain of layers run forwards and backwards by hand, in float64, without autograd."""

    def __init__(self, network):
        self.links = [(name, type(module).__name__.lower(), module) for name, module in network.named_children()]

    def forward(self, x):
        """Return the outputs of all links."""
        self.before, outputs = [], []
        for _, kind, module in self.links:
            self.before.append(x)
            x = getattr(self, "_" + kind)(module, x)
            outputs.append(x)
        return outputs

    def gradients(self, seed, delta):
        """Return the gradient at the output of each link, by name, and at the input under "".

        At a ReLU the gradient is truncated first, then multiplied by the slope: eq. 5 of the RA-CAM paper.
        """
        gradient, found = seed, {}
        for (name, kind, module), x in reversed(list(zip(self.links, self.before, strict=True))):
            found[name] = gradient
            gradient = getattr(self, "_back_" + kind)(module, x, gradient, delta)
        return found | {"": gradient}

    def _conv2d(self, module, x):
        weight, bias, pad = module.weight.detach().numpy(), module.bias.detach().numpy(), module.padding[0]
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        kernel = weight.shape[2]
        height, width = padded.shape[2] - kernel + 1, padded.shape[3] - kernel + 1
        out = np.zeros((len(x), len(weight), height, width))
        for i, j in np.ndindex(height, width):
            out[:, :, i, j] = np.einsum("bcuv,kcuv->bk", padded[:, :, i : i + kernel, j : j + kernel], weight)
        return out + bias[:, None, None]

    def _back_conv2d(self, module, x, g, delta):
        weight, pad = module.weight.detach().numpy(), module.padding[0]
        kernel = weight.shape[2]
        padded = np.zeros((*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad))
        for i, j in np.ndindex(g.shape[2:]):
            padded[:, :, i : i + kernel, j : j + kernel] += np.einsum("bk,kcuv->bcuv", g[:, :, i, j], weight)
        return padded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]

    def _relu(self, module, x):
        return np.where(x > 0, x, 0)

    def _back_relu(self, module, x, g, delta):
        kept = g if delta is None else truncated(g, delta)
        return np.where(x > 0, kept, 0)

    def _leakyrelu(self, module, x):
        return np.where(x > 0, x, module.negative_slope * x)

    def _back_leakyrelu(self, module, x, g, delta):
        kept = g if delta is None else truncated(g, delta)
        return np.where(x > 0, kept, module.negative_slope * kept)

    def _maxpool2d(self, module, x):
        out = np.zeros((*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2))
        for b, k, i, j in np.ndindex(out.shape):
            out[b, k, i, j] = x[b, k, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
        return out

    def _back_maxpool2d(self, module, x, g, delta):
        out = np.zeros_like(x)
        for b, k, i, j in np.ndindex(g.shape):
            window = x[b, k, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            u, v = np.unravel_index(window.argmax(), window.shape)
            out[b, k, 2 * i + u, 2 * j + v] = g[b, k, i, j]
        return out

    def _avgpool2d(self, module, x):
        out = np.zeros((*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2))
        for b, k, i, j in np.ndindex(out.shape):
            out[b, k, i, j] = x[b, k, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean()
        return out

    def _back_avgpool2d(self, module, x, g, delta):
        out = np.zeros_like(x)
        for b, k, i, j in np.ndindex(g.shape):
            out[b, k, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = g[b, k, i, j] / 4
        return out

    def _adaptiveavgpool2d(self, module, x):
        assert module.output_size == 1
        return x.mean((2, 3), keepdims=True)

    def _back_adaptiveavgpool2d(self, module, x, g, delta):
        return np.broadcast_to(g / (x.shape[2] * x.shape[3]), x.shape).copy()

    def _flatten(self, module, x):
        return x.reshape(len(x), -1)

    def _back_flatten(self, module, x, g, delta):
        return g.reshape(x.shape)

    def _linear(self, module, x):
        return x @ module.weight.detach().numpy().T + module.bias.detach().numpy()

    def _back_linear(self, module, x, g, delta):
        return g @ module.weight.detach().numpy()


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
