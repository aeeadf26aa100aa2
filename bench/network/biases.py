"""The biases of a network's layers, those included that batch normalisation has without naming them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from methods.errors import NotApplicableError


def has_bias(module: nn.Module) -> bool:
    """Tell whether `module` itself adds something to its input that does not depend on it."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm) or isinstance(  # noqa: SLF001  its public base class
        getattr(module, "bias", None), Tensor
    )


def bias_of(name: str, module: nn.Module) -> Tensor:
    """Return what `module`, in evaluation, adds to each channel of its output, (K,).

    A batch normalisation is the affine map γ (x - μ) / σ + β with constants μ and σ: its bias is β - γ μ / σ.

    Raises:
        NotApplicableError: what it adds depends on its input, or its kind is not known here.
    """
    if isinstance(module, nn.modules.conv._ConvNd | nn.Linear) and module.bias is not None:  # noqa: SLF001
        return module.bias.detach()
    if isinstance(module, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001
        if module.running_mean is None or module.running_var is None:
            raise NotApplicableError(f"{name} normalises by each batch's own mean, so it has no bias to explain")
        deviation = (module.running_var + module.eps).sqrt()
        scale, shift = (torch.ones_like(deviation), torch.zeros_like(deviation))
        if module.affine:
            scale, shift = module.weight.detach(), module.bias.detach()
        return shift - scale * module.running_mean / deviation
    raise NotApplicableError(f"the bias of {name}, of the kind {type(module).__name__}, cannot be told from its input")
