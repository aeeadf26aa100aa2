"""The twin of methods/catalogue/full_gradient.py."""

import numpy as np

from tests.helpers.twins.registry import evidence_twin


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


@evidence_twin("full-grad")
def full_grad(view, apart=False):
    """Srinivas and Fleuret 2019, eq. 5: the input's part and that of every layer with a bias and positions."""
    parts = {"input": (view.input * view.input_gradient()).numpy()}
    parts |= {layer: part.numpy() for layer, part in view.bias_gradients().items() if part.dim() == 4}
    return {layer: np.stack([scaled_sizes(one, apart) for one in part]) for layer, part in parts.items()}
