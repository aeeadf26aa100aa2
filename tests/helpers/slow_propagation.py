"""DeepLIFT and layer-wise relevance propagation by hand, in loops and in float64, through a chain of layers.

`tail` is what lies behind a layer whose output for one image is `a`, (K, h, w).
"""

import numpy as np

from tests.helpers.slow_network import SlowNetwork


class SlowTail(SlowNetwork):
    """Also takes dropout, and pools to any size that divides."""

    def run(self, a):
        """Return what goes into each link, and the logits."""
        logits = self.forward(a[None])[-1]
        return self.before, logits[0]

    def backwards(self, *runs):
        """Yield each link, last first, with its input in each of the `runs`."""
        yield from reversed(list(zip(self.links, *runs, strict=True)))

    def _dropout(self, module, x):
        return x

    def _back_dropout(self, module, x, g, delta):
        return g

    def _adaptiveavgpool2d(self, module, x):
        out = np.zeros((*x.shape[:2], *np.broadcast_to(module.output_size, 2)))
        for b, k, i, j in np.ndindex(out.shape):
            out[b, k, i, j] = window(x, out, b, k, i, j).mean()
        return out

    def _back_adaptiveavgpool2d(self, module, x, g, delta):
        out = np.zeros_like(x)
        for b, k, i, j in np.ndindex(g.shape):
            part = window(out, g, b, k, i, j)
            part += g[b, k, i, j] / part.size
        return out


def window(x, pooled, b, k, i, j):
    """The part of x from which one value was pooled, without overlap."""
    high, wide = x.shape[2] // pooled.shape[2], x.shape[3] // pooled.shape[3]
    return x[b, k, i * high : (i + 1) * high, j * wide : (j + 1) * wide]


def deep_lift(tail, a, target):
    """Shrikumar et al. 2017, eq. 5 and 10: multipliers, times the difference from a reference of 0."""
    slow = SlowTail(tail)
    run, logits = slow.run(a)
    reference, at_zero = slow.run(0 * a)
    m = np.zeros((1, len(logits)))
    m[0, target] = 1
    for (_, kind, module), x, r in slow.backwards(run, reference):
        if kind == "relu":
            back = np.zeros_like(x)
            for at in np.ndindex(x.shape):
                rise = max(x[at], 0) - max(r[at], 0)
                back[at] = m[at] * (rise / (x[at] - r[at]) if x[at] != r[at] else float(x[at] > 0))
            m = back
        elif kind == "maxpool2d":
            m = lifted_maximum(x, r, m)
        else:
            m = getattr(slow, "_back_" + kind)(module, x, m, None)
    assert abs((m[0] * a).sum() - (logits - at_zero)[target]) < 1e-9
    return m[0] * a


def lifted_maximum(x, r, m):
    """What the run's maximum is higher by belongs to its place, the rest to the place of the reference's."""
    contribution = np.zeros_like(x)
    for b, k, i, j in np.ndindex(m.shape):
        here, there, part = (window(one, m, b, k, i, j) for one in (x, r, contribution))
        y, at_zero = here.max(), there.max()
        part[np.unravel_index(here.argmax(), here.shape)] += m[b, k, i, j] * (max(y, at_zero) - at_zero)
        part[np.unravel_index(there.argmax(), there.shape)] += m[b, k, i, j] * (y - max(y, at_zero))
    return np.divide(contribution, x - r, out=np.zeros_like(x), where=contribution != 0)


def relevance(tail, a, target):
    """Relevance from 1 at the target and from -1/N at each of the others, N classes in all."""
    slow = SlowTail(tail)
    run, logits = slow.run(a)
    r = np.array([[1.0 if k == target else -1 / len(logits) for k in range(len(logits))]])
    for (_, kind, module), x in slow.backwards(run):
        if kind == "linear":
            r = shared_by_linear(module.weight.detach().numpy(), x[0], r[0])[None]
        elif kind == "conv2d":
            r = shared_by_convolution(module.weight.detach().numpy(), module.padding[0], x[0], r[0])[None]
        elif kind == "adaptiveavgpool2d":
            r = shared_by_mean(x, r)
        elif kind not in ("relu", "dropout"):
            r = getattr(slow, "_back_" + kind)(module, x, r, None)
    return r[0]


def shared_by_linear(weight, x, r):
    """R_i = Σ_j (x_i w_ij)+ / Σ_i' (x_i' w_i'j)+ R_j."""
    out = np.zeros_like(x)
    for j in range(len(r)):
        parts = np.array([max(x[i] * weight[j, i], 0) for i in range(len(x))])
        out += parts / parts.sum() * r[j]
    return out


def shared_by_convolution(weight, pad, x, r):
    """The same, position by position."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    out, side = np.zeros_like(padded), weight.shape[2]
    for k, i, j in np.ndindex(r.shape):
        parts = np.maximum(padded[:, i : i + side, j : j + side] * weight[k], 0)
        out[:, i : i + side, j : j + side] += parts / parts.sum() * r[k, i, j]
    return out[:, pad:-pad, pad:-pad]


def shared_by_mean(x, r):
    """R_i = x_i / Σ_i' x_i' R, nothing where all are 0."""
    out = np.zeros_like(x)
    for b, k, i, j in np.ndindex(r.shape):
        part = window(x, r, b, k, i, j)
        if part.any():
            window(out, r, b, k, i, j)[:] = part / part.sum() * r[b, k, i, j]
    return out
