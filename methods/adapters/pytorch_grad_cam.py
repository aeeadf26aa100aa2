"""Every class activation map of pytorch-grad-cam, as ``pgc:NAME``."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from methods.adapters.lending import Lent, lent
from methods.contract import EvidenceView, Method
from methods.errors import MethodError
from methods.registry import library

PREFIX = "pgc"
LAYERS = {"LayerCAM": "stages", "RefineCAM": "stages", "FullGrad": "convs"}
"""Default layers of the methods that are made for several layers; for all others it is the last stage."""
BIASES = ("FullGrad",)
"""Methods that find their layers themselves: all that have a bias."""
PASSES: dict[str, Callable[[int], int]] = {
    "AblationCAM": lambda channels: channels,
    "ScoreCAM": lambda channels: channels,
    "SESS": lambda _channels: 244,
}
"""Forward passes of the methods that make many, given the layer's channels; for SESS those of a square image."""
SQUARE = ("EigenCAM", "EigenGradCAM", "SegEigenCAM", "KPCA_CAM")
"""Methods that make a matrix of positions by positions."""
LARGEST_SQUARE = 2**30
"""Bytes of such a matrix: decomposing it takes more than twice that, and a process that takes too much is killed."""
AT_ONCE: dict[str, dict[str, Any]] = {"SESS": {"batch_size": 4}}
"""Options by method; SESS holds so many graphs at once, and no result depends on it."""


@library(PREFIX, "pytorch_grad_cam", "grad-cam")
def load() -> Iterator[Method]:
    """Yield a method for each class of the package that is made from a model and its target layers.

    Raises:
        ImportError: the package, or OpenCV that it needs, cannot be imported.
    """
    try:
        package = importlib.import_module("pytorch_grad_cam")
    except ImportError as error:
        raise ImportError(_explained_failure(error)) from error
    for name, kind in vars(package).items():
        if inspect.isclass(kind) and _is_method(kind):
            yield Method(
                name=f"{PREFIX}:{name}",
                compute=partial(_heatmaps, kind),
                gradient_weighted=False,
                obeys_rules=False,
                layers=LAYERS.get(name, "last"),
                paper=f"pytorch-grad-cam, {name}",
                reads=frozenset({"biases"} if name in BIASES else ()),
                passes=PASSES.get(name),
                fuses=False,
            )


def _explained_failure(error: ImportError) -> str:
    """Return what `error` says, and what to do where a library of the system is missing."""
    missing = re.match(r"(lib\S+\.so\S*): cannot open shared object file", str(error))
    if not missing:
        return str(error)
    return (
        f"OpenCV, which it needs, lacks the system library {missing[1]}. On Debian and Ubuntu: apt-get install libgl1 "
        "libglib2.0-0. Or take the OpenCV that draws no windows: python -m pip uninstall opencv-python, then "
        "python -m pip install opencv-python-headless"
    )


def _is_method(kind: type) -> bool:
    """Tell whether `kind` needs a model and target layers, and nothing else."""
    parameters = list(inspect.signature(kind).parameters.values())
    needed = [one.name for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    return needed == ["model", "target_layers"]


def _heatmaps(kind: type, view: EvidenceView) -> Tensor:
    """Return the library's maps, (B, H, W) float32 in [0, 1]: it cuts at 0 and scales by layer, and again at the end.

    Raises:
        MethodError: the class would ask for more memory than any machine has to spare.
    """
    if kind.__name__ in SQUARE:
        _check_square(kind, view)
    return torch.cat([_explain(kind, view, range(number, number + 1)) for number in range(len(view.input))])


def at_once(name: str, view: EvidenceView) -> Tensor:
    """Return the maps of the class `name` for the whole batch, made in one call, (B, H, W) in [0, 1].

    That is the fastest way to use the library, and for timing only: the map of an image may depend on the others.

    Raises:
        MethodError: the class would ask for more memory than any machine has to spare.
    """
    kind = getattr(importlib.import_module("pytorch_grad_cam"), name)
    if name in SQUARE:
        _check_square(kind, view)
    return _explain(kind, view, range(len(view.input)))


def _explain(kind: type, view: EvidenceView, numbers: range) -> Tensor:
    names = () if kind.__name__ in BIASES else view.layers
    with lent(view, numbers.start, len(numbers)) as images:
        layers = [view.model.get_submodule(name) for name in names]
        explainer = kind(Lent(view.model), layers, **AT_ONCE.get(kind.__name__, {}))
        # The library keeps an output itself and no copy of it, on which a network may write later.
        for layer in layers:
            layer.register_forward_hook(_copied)
        values = explainer(images, **_explained(kind, view, numbers))
    return torch.from_numpy(values).to(view.input.device)


def _explained(kind: type, view: EvidenceView, numbers: range) -> dict[str, Any]:
    """Return the score of each image, or the class of the first for methods that compute a score by themselves."""
    if "target_idx" in inspect.signature(kind.forward).parameters:  # type: ignore[attr-defined]
        return {"targets": None, "target_idx": int(view.classes[numbers.start])}
    return {"targets": [view.target(number) for number in numbers]}


def _copied(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
    return output.clone()


def _check_square(kind: type, view: EvidenceView) -> None:
    for layer in view.layers:
        activation = view.activation(layer)
        height, width = activation.shape[2:]
        needed = (height * width) ** 2 * activation.element_size()
        if needed > LARGEST_SQUARE:
            raise MethodError(
                f"{PREFIX}:{kind.__name__} would make a matrix of {needed / 2**30:.0f} GiB for the {height}x{width} "
                f"positions of {layer}; choose a deeper layer or a smaller input"
            )
