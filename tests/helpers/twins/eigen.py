"""Twins of methods/catalogue/eigen.py."""

import numpy as np

from tests.helpers.twins.registry import evidence_twin, gradient_twin


def eigen(features):
    """Muhammad and Yeasin 2020, eq. 2-3: I = U Σ V^T, L = I v_1; the sign follows the sum of the channels."""
    channels, height, width = features.shape
    rows = features.reshape(channels, -1).T
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    projected = rows @ directions[0]
    return (projected * (-1 if (projected * rows.sum(1)).sum() < 0 else 1)).reshape(height, width)


@gradient_twin("eigen-grad-cam")
def eigen_grad_cam(a, g):
    return np.maximum(eigen(g * a), 0)


@evidence_twin("eigen-cam")
def eigen_cam(view):
    return {layer: np.stack([eigen(one) for one in view.activation(layer).numpy()]) for layer in view.layers}
