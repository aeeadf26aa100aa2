"""From a batch of images to the heatmaps of many methods, which share one forward pass."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from bench.attribution.evidence import Evidence, by_gradient
from bench.attribution.forward_queries import ForwardQueries, MakeQueries
from bench.attribution.view import View
from bench.errors import BenchError
from bench.network.anatomy import Anatomy, examine
from bench.network.checking import check_images, usable
from bench.network.targets import Target, parse_target
from methods import METHODS, Heatmap, MethodSpec, NotApplicableError, layer_maps, parse
from methods.contract import Note
from methods.heatmap import fused
from results.scopes import BACKWARD, COUNTING, FORWARD, METHOD
from results.status import Status

Timed = Callable[[str], AbstractContextManager[Any]]
"""Name of a part of the work -> the context in which it is done; see `bench.stopwatch.Stopwatch.part`."""


@dataclass(frozen=True, eq=False)
class MethodResult:
    """What one method made of a batch, or why it made nothing.

    Attributes:
        spec: the method.
        heatmap: of all images; None where there is an error.
        notes: on the heatmaps, by the number of the image.
        logits: (B, classes); (0, 0) where the network itself could not be run.
        error: what was raised; `NotApplicableError` where the method says that it has no answer on this network.
    """

    spec: MethodSpec
    heatmap: Heatmap | None = None
    notes: Mapping[int, Note] = field(default_factory=dict)
    logits: Tensor = field(default_factory=lambda: torch.empty(0, 0))
    error: Exception | None = None

    @property
    def status(self) -> Status:
        """Whether there are heatmaps: OK, whatever they show, FAILED or NOT_APPLICABLE."""
        if self.error is None:
            return Status.OK
        return Status.NOT_APPLICABLE if isinstance(self.error, NotApplicableError) else Status.FAILED

    @property
    def reason(self) -> str:
        """Why there are no heatmaps; empty where there are some."""
        if self.error is None:
            return ""
        name = "" if self.status is Status.NOT_APPLICABLE else f"{type(self.error).__name__}: "
        return f"{name}{self.error}"

    def require(self) -> Heatmap:
        """Return the heatmap.

        Raises:
            Exception: there is none; it is `error`.
        """
        if self.heatmap is None:
            raise self.error or BenchError(f"{self.spec} was not run")
        return self.heatmap


def explain_batch(
    network: nn.Module,
    anatomy: Anatomy,
    images: Tensor,
    target: Target,
    specs: Iterable[MethodSpec],
    *,
    labels: Tensor | None = None,
    seeds: tuple[int, ...] | None = None,
    chunk: int | None = None,
    queries: MakeQueries = ForwardQueries,
    timed: Timed = nullcontext,
) -> Iterator[MethodResult]:
    """Yield the result of each method, in the order of `by_gradient`; an error that a method raises is its result.

    Args:
        network: outputs logits (B, classes); it is left as it was found.
        anatomy: of this network.
        images: (B, C, H, W), prepared as the network expects them, on its device.
        target: the score that is explained.
        specs: the methods.
        labels: as in `Evidence`.
        seeds: as in `Evidence`.
        chunk: as in `Evidence`.
        queries: as in `Evidence`.
        timed: each part of the work is done in the context that this returns for its name in `results.scopes`.

    Raises:
        BenchError: the network lacks a layer or the class that is asked for, or the target needs labels.
    """
    specs = by_gradient(specs)
    try:
        with timed(FORWARD):
            evidence = Evidence(
                network, anatomy, images, target, specs, labels=labels, seeds=seeds, chunk=chunk, queries=queries
            )
    except BenchError:
        raise
    except Exception as error:  # noqa: BLE001  a network may raise anything
        yield from [MethodResult(spec, error=error) for spec in specs]
        return
    for spec in specs:
        result = _result(spec, evidence, timed)
        yield result
        _free_frames(result.error)


def explain(
    model: nn.Module,
    images: Tensor,
    methods: str | MethodSpec | Sequence[str | MethodSpec],
    *,
    target: int | str | Target = 1,
    layers: str | None = None,
) -> dict[str | MethodSpec, Tensor]:
    """Compute raw heatmaps of `images`; all methods share one forward pass.

    Notes on a heatmap, that it is not exact on this network for example, are given as warnings.

    Args:
        model: outputs logits (B, classes) or (B, 1), alone, first of several outputs or as ``logits``; it is left as
            it was found. If it comes from `torch.compile`, the module that was compiled is explained.
        images: (B, C, H, W), prepared as the model expects them, on its device.
        methods: one spec or several, e.g. ``"ra-cam"`` or ``["grad-cam", "layer-cam/S2-S4+lt@30"]``.
        target: a class index, ``"predicted"``, ``"margin"`` or another text that
            `bench.network.targets.parse_target` reads, except ``"label"``; or a `Target`.
        layers: choice of layers for the specs that name none, e.g. ``"stages"`` or ``"layer.features.29"``.

    Returns:
        For each spec as it was given: (B, H, W), non-negative, not normalised, on the device of `images`.

    Raises:
        MethodError: a spec cannot be read, or its method has no answer on this network.
        BenchError: the network or the images cannot be used, or the network lacks a layer or the class that is asked
            for.

    Examples:
        >>> import torch
        >>> features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        >>> network = nn.Sequential(features, nn.Flatten(), nn.Linear(4, 2))
        >>> heatmaps = explain(network, torch.rand(3, 1, 16, 24), ["grad-cam", "ra-cam@30"])
        >>> heatmaps["ra-cam@30"].shape
        torch.Size([3, 16, 24])
    """
    if not isinstance(layers, str | None):
        raise BenchError(f"layers is one text, such as 'stages' or 'layer.features.29', and not {layers!r}")
    network = usable(model)
    check_images(network, images)
    given = [methods] if isinstance(methods, str | MethodSpec) else list(methods)
    specs = {one: parse(one, layers=layers) if isinstance(one, str) else one for one in given}
    if not isinstance(target, Target):
        target = parse_target(str(target))
    maps = {}
    with torch.inference_mode(mode=False):
        images = images.clone() if images.is_inference() else images
        for result in explain_batch(network, examine(network, images), images, target, dict.fromkeys(specs.values())):
            maps[result.spec] = result.require().values
            for image, note in result.notes.items():
                warnings.warn(f"{result.spec}, image {image}: {note}", stacklevel=2)
    return {one: maps[spec] for one, spec in specs.items()}


def _result(spec: MethodSpec, evidence: Evidence, timed: Timed) -> MethodResult:
    logits, view = evidence.logits.detach(), View(evidence, spec)
    height, width = evidence.images.shape[2:]
    try:
        if METHODS[spec.name].obeys_rules and not spec.wrapper:
            with timed(BACKWARD):  # so that a pass that is not held yet does not count as the method
                evidence.hold_gradients(spec.filter)
        with timed(METHOD):
            maps = layer_maps(spec, view)
        with timed(COUNTING):
            return MethodResult(spec, fused(spec, maps, (height, width)), view.notes, logits)
    except Exception as error:  # noqa: BLE001  a plug-in may raise anything
        return MethodResult(spec, logits=logits, error=error)


def _free_frames(error: BaseException | None) -> None:
    """Let go of the tensors in the frames that an error has passed: the next method may need their memory."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
