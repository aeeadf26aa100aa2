"""What one classifier computed on one batch: gathered once, read by every method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from bench.anatomy import Anatomy, evaluating
from bench.errors import BenchError
from bench.targets import Target
from methods.contract import EvidenceView
from methods.errors import NotApplicableError
from methods.rules import filtering, truncate
from methods.spec import MethodSpec

Gradients = dict[str, Tensor]


class Evidence:
    """One forward pass of a network, and its gradients as methods ask for them.

    One backward pass is made for plain gradients and one for each δ of the filter; the last one is held.
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

        Raises:
            BenchError: the network has not the layers, or not the class, that are asked for.
        """
        layers = {layer for spec in specs for layer in anatomy.choose(spec.layers)}
        self.images = images.detach()
        self.anatomy = anatomy
        self.seeds = seeds or (0,) * len(images)
        self._network = network
        with evaluating(network), torch.enable_grad(), _keeping(network, anatomy, layers) as kept:
            # A frozen network builds no graph of its own, so the graph begins at the images; the copy of
            # them is no leaf, so an in-place operation may follow.
            self.logits = network(self.images.detach().requires_grad_().clone())
            self.score = target.score(self.logits, labels)
            self._total = self.score.sum()
        self._outputs = {layer: kept[layer] for layer in sorted(layers)}
        self._held: tuple[float | None, Gradients] | None = None
        self._truncated: dict[tuple[str, float], Tensor] = {}

    def view(self, spec: MethodSpec) -> EvidenceView:
        """Return what the method of `spec` may read, its gradient rules applied."""
        return _View(self, spec)

    def activation(self, layer: str) -> Tensor:
        """Return the output of `layer`, (B, K, h, w)."""
        return _readable(self._outputs[layer])

    def gradient(self, layer: str, rules: dict[str, float]) -> Tensor:
        """Return the gradient at `layer` under `rules`, a δ for each, (B, K, h, w)."""
        gradients = self._gradients(rules.get("fgbp"))
        if layer not in gradients:
            raise BenchError(f"the target's score does not depend on the layer {layer}")
        plain = gradients[layer]
        if "lt" not in rules:
            return plain
        key = (layer, rules["lt"])
        if key not in self._truncated:
            self._truncated[key] = truncate(plain, rules["lt"])
        return self._truncated[key]

    def class_weights(self) -> Tensor:
        """Return the target's weights in the linear layer behind global average pooling, (B, K)."""
        if self.anatomy.pooled_linear is None:
            raise NotApplicableError("the network does not end in global average pooling and one linear layer")
        linear = self._network.get_submodule(self.anatomy.pooled_linear)
        (per_logit,) = torch.autograd.grad(self._total, self.logits, retain_graph=True)
        return _readable(per_logit @ linear.get_parameter("weight"))

    def _gradients(self, delta: float | None) -> Gradients:
        """Return the gradients at all layers, filtered at `delta` unless it is None; one set is held."""
        if self._held is None or self._held[0] != delta:
            self._held, self._truncated = None, {}
            self._held = (delta, self._backward(delta))
        return self._held[1]

    def _backward(self, delta: float | None) -> Gradients:
        differentiable = {layer: output for layer, output in self._outputs.items() if output.requires_grad}
        if not differentiable:
            return {}
        with nullcontext() if delta is None else filtering(self._total, delta):
            gradients = torch.autograd.grad(
                self._total, list(differentiable.values()), retain_graph=True, allow_unused=True
            )
        named = zip(differentiable, gradients, strict=True)
        return {layer: _readable(gradient) for layer, gradient in named if gradient is not None}


class _View:
    """An `EvidenceView` for one spec."""

    def __init__(self, evidence: Evidence, spec: MethodSpec) -> None:
        self._evidence = evidence
        self._rules = dict(spec.rules)
        self.layers = evidence.anatomy.choose(spec.layers)
        self.input = evidence.images
        self.seeds = evidence.seeds

    def activation(self, layer: str) -> Tensor:
        return self._evidence.activation(layer)

    def gradient(self, layer: str) -> Tensor:
        return self._evidence.gradient(layer, self._rules)

    def class_weights(self) -> Tensor:
        if self.layers[-1:] != self._evidence.anatomy.stages[-1:]:
            raise NotApplicableError("the weights behind the pooling belong to the last stage alone")
        return self._evidence.class_weights()


def by_gradient(specs: Iterable[MethodSpec]) -> list[MethodSpec]:
    """Return `specs` in an order in which those that share a backward pass stand together."""
    return sorted(specs, key=lambda spec: dict(spec.rules).get("fgbp", -1.0))


def _readable(tensor: Tensor) -> Tensor:
    """Return `tensor` off the graph, half precision widened to float32."""
    detached = tensor.detach()
    return detached.float() if detached.element_size() < 4 else detached


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
