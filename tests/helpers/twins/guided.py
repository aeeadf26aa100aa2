"""The twin of methods/catalogue/guided.py."""

import numpy as np

from tests.helpers.twins.arithmetic import upsampled
from tests.helpers.twins.gradient import grad_cam
from tests.helpers.twins.registry import evidence_twin


@evidence_twin("guided-grad-cam")
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
