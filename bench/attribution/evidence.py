"""What one classifier computed on one batch, gathered once for all methods."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from bench.attribution.forward_queries import ForwardQueries, MakeQueries
from bench.attribution.weighting import weighted_in_blocks, weighted_whole
from bench.errors import BenchError
from bench.network.anatomy import Anatomy
from bench.network.biases import bias_of
from bench.network.checking import logits_of
from bench.network.hooks import keep_outputs, name_nodes
from bench.network.targets import Target
from bench.network.tracing import evaluating, readable
from methods.contract import Computed, GradientWeighting
from methods.errors import NotApplicableError
from methods.registry import METHODS
from methods.rules import Filter, Node, Truncation, filtering, positive_percentiles, truncate
from methods.spec import MethodSpec

Gradients = dict[str, Tensor]
INPUT = ""
"""Name of the images among the layers."""


def layers_read(spec: MethodSpec, anatomy: Anatomy) -> tuple[str, ...]:
    """Return the names of the layers that the method of `spec` reads, shallow to deep."""
    return anatomy.biased if "biases" in METHODS[spec.name].reads else anatomy.choose(spec.layers)


@dataclass
class _BackwardPass:
    """One backward pass, and what was computed from its gradients.

    Attributes:
        filtered: its filter; None: the gradients are plain.
        gradients: at all layers.
        thresholds: by layer and truncation.
        truncation: the last one; None: there was none yet.
        truncated: the gradients at layers under that truncation.
        weighted_maps: by layer, method and truncation, (B, h, w).
    """

    filtered: Filter | None
    gradients: Gradients
    thresholds: dict[tuple[str, Truncation], Tensor] = field(default_factory=dict)
    truncation: Truncation | None = None
    truncated: Gradients = field(default_factory=dict)
    weighted_maps: dict[tuple[str, Hashable, Truncation | None], Tensor] = field(default_factory=dict)


class Evidence:
    """One forward pass of a network, and its gradients as methods ask for them.

    There is one backward pass for plain gradients and one for each filter. The last pass is held, with the gradients
    that were truncated last; the thresholds of all truncations are computed together.

    The network is left as it was found, also after an error: gradients of its parameters are never computed, its
    training flags are restored, and no hook stays.
    """

    def __init__(
        self,
        network: nn.Module,
        anatomy: Anatomy,
        images: Tensor,
        target: Target,
        specs: Iterable[MethodSpec],
        *,
        labels: Tensor | None = None,
        seeds: tuple[int, ...] | None = None,
        chunk: int | None = None,
        classes: Tensor | None = None,
        queries: MakeQueries = ForwardQueries,
    ) -> None:
        """Run `network` on `images`, and keep the outputs of the layers that `specs` read.

        Args:
            network: outputs logits (B, classes).
            anatomy: of this network.
            images: (B, C, H, W), prepared as the network expects them, on its device.
            target: the score that is explained.
            specs: the methods that will read the evidence.
            labels: class of each image, (B,) int64; needed for the target ``label`` only.
            seeds: one for each image, for methods that draw random numbers; 0 by default.
            chunk: number of variants of an image that run through the network at once; by default as many as fit into
                memory.
            classes: that are explained, (B,) int64; by default those that the target chooses.
            queries: makes what runs the network on variants of the images.

        Raises:
            BenchError: the network lacks a layer or the class that is asked for, or the target needs labels.
        """
        specs = list(specs)
        self.anatomy = anatomy
        layers = {layer for spec in specs for layer in layers_read(spec, anatomy)}
        reads_input = any("input" in METHODS[spec.name].reads for spec in specs)
        self.images = images.detach()
        self.seeds = seeds or (0,) * len(images)
        self.network, self.target = network, target
        keeping = keep_outputs(network, anatomy, layers)
        naming: AbstractContextManager[dict[Node, str]] = nullcontext({})
        if any(map(_filters, specs)):
            naming = name_nodes(network)
        with evaluating(network), torch.enable_grad(), keeping as kept, naming as self._names:
            # The graph begins at the images, since a frozen network builds none of its own; the network gets a copy,
            # which is no leaf and may be written on.
            leaf = self.images.detach().requires_grad_()
            self.logits = logits_of(network(leaf.clone()))
            self.classes = target.classes(self.logits, labels) if classes is None else classes
            self.score = target.score_of(self.logits, self.classes)
            self._total = self.score.sum()
        self._make_queries = queries
        self.queries = queries(network, anatomy, self.images, target, self.classes, chunk)
        self._outputs = {layer: kept[layer] for layer in sorted(layers)} | ({INPUT: leaf} if reads_input else {})
        self._specs = [spec for spec in specs if not spec.wrapper]
        self._held: _BackwardPass | None = None
        self._computed: tuple[tuple[Filter | None, Truncation | None], dict[Hashable, object]] | None = None

    def for_variants(self, variants: Tensor, sources: Sequence[int], classes: Tensor, spec: MethodSpec) -> Evidence:
        """Gather the evidence of variants of this batch's images.

        Args:
            variants: (n, C, H', W').
            sources: the number, in this batch, of the image that each variant is made from; it has that image's seed.
            classes: that are explained in each image of this batch, (B,) int64.
            spec: the method that will read it.
        """
        return Evidence(
            self.network,
            self.anatomy,
            variants.to(self.images.dtype),
            self.target,
            [spec],
            seeds=tuple(self.seeds[source] for source in sources),
            chunk=self.queries.chunk,
            classes=classes[list(sources)],
            queries=self._make_queries,
        )

    def activation(self, layer: str) -> Tensor:
        """Return the output of `layer`, (B, K, h, w)."""
        return readable(self._maps(layer, self._outputs[layer]))

    def hold_gradients(self, filtered: Filter | None) -> None:
        """Run the backward pass under a filter now, unless its gradients are held already.

        Raises:
            NotApplicableError: the filter is not defined for an activation of the network.
        """
        self._backward_pass(filtered)

    def gradient(self, layer: str, filtered: Filter | None, truncation: Truncation | None) -> Tensor:
        """Return the gradient of the score at `layer` under the rules, (B, K, h, w).

        Raises:
            BenchError: the score does not depend on the layer.
            NotApplicableError: the filter is not defined for an activation of the network.
        """
        held = self._backward_pass(filtered)
        if layer not in held.gradients:
            raise BenchError(f"the target's score does not depend on the layer {layer}")
        gradient = held.gradients[layer]
        layout = None if layer == INPUT else self.anatomy.layers[layer].layout
        if layout and layout.extra and not gradient.any():
            raise NotApplicableError(f"of {layer} only the class token is read, so no position of it counts")
        if truncation is None or layer == INPUT:
            return gradient
        if held.truncation != truncation:
            held.truncation, held.truncated = truncation, {}
        if layer not in held.truncated:
            held.truncated[layer] = truncate(gradient, self._threshold(layer, held, truncation), truncation.kept)
        return held.truncated[layer]

    def weighted_map(self, spec: MethodSpec, layer: str) -> Tensor:
        """Return the map of `layer`, (B, h, w), by the gradient-weighted method of `spec` under its rules.

        The maps of an additive method under all truncations among the specs are computed together.
        """
        gradient, held = self.gradient(layer, spec.filter, None), self._backward_pass(spec.filter)
        if (layer, _weighting_key(spec), spec.truncation) not in held.weighted_maps:
            method = METHODS[spec.name]
            weighting = partial(cast("GradientWeighting", method.compute), **spec.own_options())
            truncations = self._truncations(spec, layer) if method.additive else [spec.truncation]
            cuts = [None if one is None else (one, self._threshold(layer, held, one)) for one in truncations]
            weighted = weighted_in_blocks if method.additive else weighted_whole
            maps = weighted(weighting, self.activation(layer), gradient, cuts)
            for truncation, one in zip(truncations, maps, strict=True):
                held.weighted_maps[layer, _weighting_key(spec), truncation] = one
        return held.weighted_maps[layer, _weighting_key(spec), spec.truncation]

    def bias_gradients(self, filtered: Filter | None, truncation: Truncation | None) -> dict[str, Tensor]:
        """Return each bias times the gradient under the rules, by layer: (B, K, h, w), or (B, K) of linear layers.

        Raises:
            NotApplicableError: a bias cannot be read, or its layer runs several times.
        """
        products = {}
        for layer in self.anatomy.biased:
            if self.anatomy.layers[layer].runs > 1:
                raise NotApplicableError(f"{layer} runs several times, so its bias has no one gradient")
            bias = bias_of(layer, self.network.get_submodule(layer))
            gradient = self.gradient(layer, filtered, truncation)
            products[layer] = bias.to(gradient).view(-1, *[1] * (gradient.dim() - 2)) * gradient
        return products

    def once(
        self, rules: tuple[Filter | None, Truncation | None], key: Hashable, compute: Callable[[], Computed]
    ) -> Computed:
        """Return the result of `compute`, called once for `key` and `rules`; results under the last rules are held."""
        if self._computed is None or self._computed[0] != rules:
            self._computed = rules, {}
        _, computed = self._computed
        if key not in computed:
            computed[key] = compute()
        return cast("Computed", computed[key])

    def class_weights(self) -> Tensor:
        """Return the weights of the target's score in the linear layer behind global average pooling, (B, K).

        Raises:
            NotApplicableError: the network does not end in global average pooling and one linear layer.
        """
        if self.anatomy.pooled_linear is None:
            raise NotApplicableError("the network does not end in global average pooling and one linear layer")
        linear = self.network.get_submodule(self.anatomy.pooled_linear)
        (per_logit,) = torch.autograd.grad(self._total, self.logits, retain_graph=True)
        return readable(per_logit @ linear.get_parameter("weight"))

    def _truncations(self, spec: MethodSpec, layer: str) -> list[Truncation | None]:
        """Return the truncations at `layer` of `spec` and of the specs that differ from it in the truncation alone."""
        alike = [one for one in self._specs if (one.filter, _weighting_key(one)) == (spec.filter, _weighting_key(spec))]
        return list(dict.fromkeys(one.truncation for one in [spec, *alike] if layer in layers_read(one, self.anatomy)))

    def _threshold(self, layer: str, held: _BackwardPass, truncation: Truncation) -> Tensor:
        """Return the threshold of one truncation; those of all truncations among the specs are computed with it."""
        if (layer, truncation) not in held.thresholds:
            over = truncation.percentile
            wanted = {one.truncation for one in self._specs if one.filter == held.filtered}
            together = sorted({one for one in wanted if one and one.percentile == over} | {truncation})
            thresholds = positive_percentiles(held.gradients[layer], [one.delta for one in together], over)
            held.thresholds |= {(layer, one): value for one, value in zip(together, thresholds, strict=True)}
        return held.thresholds[layer, truncation]

    def _backward_pass(self, filtered: Filter | None) -> _BackwardPass:
        """Return the backward pass under a filter, None for plain gradients; the last one is held."""
        if self._held is None or self._held.filtered != filtered:
            self._held = None  # so that two are never held at once
            self._held = _BackwardPass(filtered, self._gradients(filtered))
        return self._held

    def _gradients(self, filtered: Filter | None) -> Gradients:
        differentiable = {layer: output for layer, output in self._outputs.items() if output.requires_grad}
        if not differentiable:
            return {}
        with nullcontext() if filtered is None else filtering(self._total, filtered, self._names):
            gradients = torch.autograd.grad(
                self._total, list(differentiable.values()), retain_graph=True, allow_unused=True
            )
        named = zip(differentiable, gradients, strict=True)
        return {layer: readable(self._maps(layer, gradient)) for layer, gradient in named if gradient is not None}

    def _maps(self, layer: str, tensor: Tensor) -> Tensor:
        """Return the output of a layer, or the gradient there, as (B, K, h, w) if it has positions."""
        layout = None if layer == INPUT else self.anatomy.layers[layer].layout
        return tensor if layout is None else layout.to_maps(tensor)


def by_gradient(specs: Iterable[MethodSpec]) -> list[MethodSpec]:
    """Return `specs` in an order in which those that share a backward pass, and then a truncation, are neighbours."""
    return sorted(specs, key=_rules)


def _rules(spec: MethodSpec) -> tuple[bool, Filter, bool, Truncation]:
    """Return the key by which specs are ordered: plain gradients come first."""
    filtered, truncation = spec.filter, spec.truncation
    return filtered is not None, filtered or Filter(0), truncation is not None, truncation or Truncation(0)


def _weighting_key(spec: MethodSpec) -> Hashable:
    return spec.name, tuple(spec.own_options().items())


def _filters(spec: MethodSpec) -> bool:
    return spec.filter is not None or "guided" in METHODS[spec.name].reads
