"""What one classifier computed on one batch: gathered once, read by every method."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
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
from bench.network.targets import Target
from bench.network.tracing import evaluating, readable
from methods.contract import Computed, GradientWeighting
from methods.errors import NotApplicableError
from methods.registry import METHODS
from methods.rules import Filter, Node, Truncation, filtering, positive_percentiles, truncate
from methods.spec import MethodSpec

Gradients = dict[str, Tensor]
INPUT = ""
"""Stands for the images among the layers."""


def layers_read(spec: MethodSpec, anatomy: Anatomy) -> tuple[str, ...]:
    """Return the names of the layers that the method of `spec` reads, shallow to deep."""
    return anatomy.biased if "biases" in METHODS[spec.name].reads else anatomy.choose(spec.layers)


class Evidence:
    """One forward pass of a network, and its gradients as methods ask for them.

    One backward pass is made for plain gradients and one for each filter; the last one is held, and so is what the
    last truncation made of it. The thresholds of all truncations are found together.
    The network is left as it was found: its parameters' gradients are never computed, its training flags
    are given back, and nothing stays hooked to it, whatever happens.
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
        """Run `network` on `images`, (B, C, H, W), and keep the outputs of the layers that `specs` name.

        Args:
            network: gives out logits (B, classes).
            anatomy: of this network.
            images: as the network expects them, on its device.
            target: the score that is explained.
            specs: the methods that will be asked for.
            labels: class of each image, (B,) int64; needed for the target ``label`` only.
            seeds: one an image, for methods that draw; 0 by default.
            chunk: forward passes at once of methods that look at many variants; as many as fit into memory by default.
            classes: that are explained, (B,) int64, where it is not the target that chooses them.
            queries: makes what answers the methods that run the network on variants of the images.

        Raises:
            BenchError: the network has not the layers, or not the class, that are asked for.
        """
        specs = list(specs)
        self.anatomy = anatomy
        layers = {layer for spec in specs for layer in layers_read(spec, anatomy)}
        reads_input = any("input" in METHODS[spec.name].reads for spec in specs)
        self.images = images.detach()
        self.seeds = seeds or (0,) * len(images)
        self.network, self.target = network, target
        self._names: dict[Node, str] = {}
        keeping = _keeping(network, anatomy, layers)
        naming = _naming(network, self._names) if any(map(_filters, specs)) else nullcontext()
        with evaluating(network), torch.enable_grad(), keeping as kept, naming:
            # A frozen network builds no graph of its own, so the graph begins at the images; the copy of
            # them is no leaf, so an in-place operation may follow.
            leaf = self.images.detach().requires_grad_()
            self.logits = logits_of(network(leaf.clone()))
            self.classes = target.classes(self.logits, labels) if classes is None else classes
            self.score = target.score_of(self.logits, self.classes)
            self._total = self.score.sum()
        self._make_queries = queries
        self.queries = queries(network, anatomy, self.images, target, self.classes, chunk)
        self._outputs = {layer: kept[layer] for layer in sorted(layers)} | ({INPUT: leaf} if reads_input else {})
        self._specs = [spec for spec in specs if not spec.wrapper]
        self._held: tuple[Filter | None, Gradients] | None = None
        self._thresholds: dict[tuple[str, Truncation], Tensor] = {}
        self._truncated: tuple[Truncation, Gradients] | None = None
        self._weighted_maps: dict[tuple[str, Hashable, Truncation | None], Tensor] = {}
        self._found: tuple[tuple[Filter | None, Truncation | None], dict[Hashable, object]] | None = None

    def for_variants(self, variants: Tensor, sources: Sequence[int], classes: Tensor, spec: MethodSpec) -> Evidence:
        """Gather the evidence of variants of this batch's images.

        Args:
            variants: (n, C, H', W').
            sources: the number, in this batch, of the image that each variant is made from; it has that image's seed.
            classes: that are explained in each image of this batch, (B,) int64.
            spec: the method that will be asked for.
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
        """Make the backward pass under a filter now, unless it is held already.

        Raises:
            NotApplicableError: the filter is not defined for an activation of the network.
        """
        self._gradients(filtered)

    def gradient(self, layer: str, filtered: Filter | None, truncation: Truncation | None) -> Tensor:
        """Return the gradient at `layer` under the rules, (B, K, h, w)."""
        gradients = self._gradients(filtered)
        if layer not in gradients:
            raise BenchError(f"the target's score does not depend on the layer {layer}")
        layout = None if layer == INPUT else self.anatomy.layers[layer].layout
        if layout and layout.extra and not gradients[layer].any():
            raise NotApplicableError(f"of {layer} only the class token is read, so no position of it counts")
        if truncation is None or layer == INPUT:
            return gradients[layer]
        if self._truncated is None or self._truncated[0] != truncation:
            self._truncated = truncation, {}
        _, truncated = self._truncated
        if layer not in truncated:
            threshold = self._threshold(layer, gradients[layer], filtered, truncation)
            truncated[layer] = truncate(gradients[layer], threshold, truncation.kept)
        return truncated[layer]

    def weighted_map(self, spec: MethodSpec, layer: str) -> Tensor:
        """Return the map of `layer`, (B, h, w), that the gradient-weighted method of `spec` makes under its rules.

        Those of an additive method under all truncations that will be asked for are made together.
        """
        gradient = self.gradient(layer, spec.filter, None)  # lets go of the maps that another filter gave
        if (layer, _weighting_key(spec), spec.truncation) not in self._weighted_maps:
            method = METHODS[spec.name]
            weighting = partial(cast("GradientWeighting", method.compute), **spec.own_options())
            truncations = self._truncations(spec, layer) if method.additive else [spec.truncation]
            cuts = [
                None if one is None else (one, self._threshold(layer, gradient, spec.filter, one))
                for one in truncations
            ]
            weighted = weighted_in_blocks if method.additive else weighted_whole
            maps = weighted(weighting, self.activation(layer), gradient, cuts)
            for truncation, found in zip(truncations, maps, strict=True):
                self._weighted_maps[layer, _weighting_key(spec), truncation] = found
        return self._weighted_maps[layer, _weighting_key(spec), spec.truncation]

    def bias_gradients(self, filtered: Filter | None, truncation: Truncation | None) -> dict[str, Tensor]:
        """Return each bias times the gradient under the rules, by layer: (B, K, h, w), or (B, K) of linear layers."""
        found = {}
        for layer in self.anatomy.biased:
            if self.anatomy.layers[layer].runs > 1:
                raise NotApplicableError(f"{layer} runs several times, so its bias has no one gradient")
            bias = bias_of(layer, self.network.get_submodule(layer))
            gradient = self.gradient(layer, filtered, truncation)
            found[layer] = bias.to(gradient).view(-1, *[1] * (gradient.dim() - 2)) * gradient
        return found

    def once(
        self, rules: tuple[Filter | None, Truncation | None], key: Hashable, compute: Callable[[], Computed]
    ) -> Computed:
        """Return what `compute` gave for `key` under `rules`; what was found under one set of rules is held."""
        if self._found is None or self._found[0] != rules:
            self._found = rules, {}
        _, found = self._found
        if key not in found:
            found[key] = compute()
        return cast("Computed", found[key])

    def class_weights(self) -> Tensor:
        """Return the target's weights in the linear layer behind global average pooling, (B, K)."""
        if self.anatomy.pooled_linear is None:
            raise NotApplicableError("the network does not end in global average pooling and one linear layer")
        linear = self.network.get_submodule(self.anatomy.pooled_linear)
        (per_logit,) = torch.autograd.grad(self._total, self.logits, retain_graph=True)
        return readable(per_logit @ linear.get_parameter("weight"))

    def _truncations(self, spec: MethodSpec, layer: str) -> list[Truncation | None]:
        """Return what gradients at `layer` will be truncated by, in `spec` and in specs that differ in that."""
        alike = [one for one in self._specs if (one.filter, _weighting_key(one)) == (spec.filter, _weighting_key(spec))]
        return list(dict.fromkeys(one.truncation for one in [spec, *alike] if layer in layers_read(one, self.anatomy)))

    def _threshold(self, layer: str, gradient: Tensor, filtered: Filter | None, truncation: Truncation) -> Tensor:
        """Return one threshold of `gradient`; those of all truncations that will be asked for are found with it."""
        if (layer, truncation) not in self._thresholds:
            over = truncation.percentile
            wanted = {one.truncation for one in self._specs if one.filter == filtered}
            together = sorted({one for one in wanted if one and one.percentile == over} | {truncation})
            found = positive_percentiles(gradient, [one.delta for one in together], over)
            self._thresholds |= {(layer, one): value for one, value in zip(together, found, strict=True)}
        return self._thresholds[layer, truncation]

    def _gradients(self, filtered: Filter | None) -> Gradients:
        """Return the gradients at all layers, filtered unless `filtered` is None; one set is held."""
        if self._held is None or self._held[0] != filtered:
            self._held, self._truncated, self._thresholds, self._weighted_maps = None, None, {}, {}
            self._held = (filtered, self._backward(filtered))
        return self._held[1]

    def _backward(self, filtered: Filter | None) -> Gradients:
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
        """Return what a layer gives, or the gradient there, as (B, K, h, w) where it has positions."""
        layout = None if layer == INPUT else self.anatomy.layers[layer].layout
        return tensor if layout is None else layout.to_maps(tensor)


def by_gradient(specs: Iterable[MethodSpec]) -> list[MethodSpec]:
    """Return `specs` in an order in which those that share a backward pass, or a truncation, stand together."""
    return sorted(specs, key=_rules)


def _rules(spec: MethodSpec) -> tuple[bool, Filter, bool, Truncation]:
    """Return what specs are ordered by: plain gradients come first."""
    filtered, truncation = spec.filter, spec.truncation
    return filtered is not None, filtered or Filter(0), truncation is not None, truncation or Truncation(0)


def _weighting_key(spec: MethodSpec) -> Hashable:
    return spec.name, tuple(spec.own_options().items())


def _filters(spec: MethodSpec) -> bool:
    return spec.filter is not None or "guided" in METHODS[spec.name].reads


@contextmanager
def _keeping(network: nn.Module, anatomy: Anatomy, layers: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Collect the outputs of `layers` within the context, as part of the graph."""
    kept: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, object, Tensor], Tensor | None]:
        def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor | None:
            kept[name] = output
            # The network goes on with a copy where it would overwrite what is kept.
            return output.clone() if anatomy.layers[name].overwritten else None

        return hook

    handles = [network.get_submodule(name).register_forward_hook(keep(name)) for name in layers]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()
    missing = sorted(set(layers) - kept.keys())
    if missing:
        raise BenchError(f"the layer {missing[0]} did not run on this batch")


@contextmanager
def _naming(network: nn.Module, names: dict[Node, str]) -> Iterator[None]:
    """Note within the context which module made which node of the graph, the innermost where several pass it on."""

    def note(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and output.grad_fn is not None:
                names.setdefault(output.grad_fn, name)

        return hook

    handles = [module.register_forward_hook(note(name)) for name, module in network.named_modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
