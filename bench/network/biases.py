"""The biases of a network's layers, including the implicit bias of batch normalisation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from methods.errors import NotApplicableError


def has_bias(module: nn.Module) -> bool:
    """Tell whether `module` itself adds a constant to what it computes from its input."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm) or isinstance(  # noqa: SLF001  its public base class
        getattr(module, "bias", None), Tensor
    )


def bias_of(name: str, module: nn.Module) -> Tensor:
    """Return what `module`, in evaluation mode, adds to each channel of its output, (K,).

    Batch normalisation is the affine map γ (x - μ) / σ + β with constants μ and σ, so its bias is β - γ μ / σ.

    Raises:
        NotApplicableError: what it adds depends on its input, or modules of its kind cannot be read.
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
    raise NotApplicableError(f"{name} is of the kind {type(module).__name__}, whose bias cannot be read")
