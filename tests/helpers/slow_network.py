"""A network run forwards and backwards by hand."""

import numpy as np

from tests.helpers.twins.arithmetic import truncated


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
