"""All readings of a spec where its papers leave questions open: one question at a time, or all combinations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from methods.fusing import FUSE
from methods.open_questions import READINGS
from methods.registry import METHODS
from methods.spec import MethodSpec


@dataclass(frozen=True)
class Network:
    """The properties of a network on which the questions depend: its number of stages, and whether its ReLUs leak."""

    stages: int
    leaky: bool


@dataclass(frozen=True)
class Alternative:
    """A reading of a spec, and the (question, answer) pairs by which it differs from the default reading."""

    answers: tuple[tuple[str, str], ...]
    spec: MethodSpec


Answers = dict[str, MethodSpec]


def _percentile(spec: MethodSpec, _network: Network) -> Answers:
    return {"one for the layer": _read(spec, percentile="layer")} if spec.rules else {}


def _equation_11(spec: MethodSpec, _network: Network) -> Answers:
    """The weight at each kept position is the mean of the whole gradient, so that the map is a sum as HiResCAM's is."""
    if spec.name != "grad-cam" or spec.truncation is None or spec.filter is not None:
        return {}
    printed = _read(replace(spec, name="hires-cam"), kept="mean")
    answers = {"as printed, with the ReLU": printed}
    return answers | ({"as printed": _read(printed, relu="none")} if spec.fuse in READINGS["relu"].fuses else {})


def _equation_6(spec: MethodSpec, _network: Network) -> Answers:
    """Whether eq. 6 of the RA-CAM paper, truncation at the layer, follows eq. 5."""
    rules = dict(spec.rules)
    if "fgbp" not in rules:
        return {}
    without = (("fgbp", rules["fgbp"]),)
    if "lt" in rules:
        return {"eq. 5 alone": replace(spec, rules=without)}
    return {"eq. 5 and eq. 6": replace(spec, rules=(*without, ("lt", rules["fgbp"])))}


def _weight(spec: MethodSpec, _network: Network) -> Answers:
    swapped = {"hires-cam": ("pooled", "grad-cam"), "grad-cam": ("position by position", "hires-cam")}
    if spec.filter is None or spec.truncation is None or spec.name not in swapped:
        return {}
    answer, name = swapped[spec.name]
    return {answer: replace(spec, name=name)}


def _fuse(spec: MethodSpec, _network: Network) -> Answers:
    if not _has_layers(spec):
        return {}
    answers = {how: replace(spec, fuse=how) for how in FUSE if how != spec.fuse and _goes_with(spec, how)}
    if spec.fuse != "minmax" and "minmax" in answers:
        answers["minmax, at each layer's size"] = _read(answers["minmax"], prepared="layer")
    return answers


def _layers(spec: MethodSpec, network: Network) -> Answers:
    if "biases" in METHODS[spec.name].reads or not _has_layers(spec):
        return {}
    deepest = network.stages
    parts = [f"S{first}-S{deepest}" for first in range(2, deepest)] + ([f"S1-S{deepest - 1}"] if deepest > 2 else [])
    return {layers: replace(spec, layers=layers) for layers in ("last", "convs", *parts) if layers != spec.layers}


def _slope(spec: MethodSpec, network: Network) -> Answers:
    return {"hard mask": _read(spec, slope="hard")} if spec.filter and network.leaky else {}


def _equal(spec: MethodSpec, _network: Network) -> Answers:
    return {"dropped": _read(spec, equal="dropped")} if spec.filter else {}


def _scaling(spec: MethodSpec, _network: Network) -> Answers:
    return {"per channel": _read(spec, scaling="channel")} if spec.name == "full-grad" else {}


def _corners(spec: MethodSpec, _network: Network) -> Answers:
    return {"aligned": _read(spec, corners="aligned")}


def _relu(spec: MethodSpec, _network: Network) -> Answers:
    signed = METHODS[spec.name].gradient_weighted and spec.reading("relu") == "layer"
    return {"of the sum": _read(spec, relu="sum")} if signed and spec.fuse in READINGS["relu"].fuses else {}


QUESTIONS: dict[str, Callable[[MethodSpec, Network], Answers]] = {
    "percentile δ": _percentile,
    "eq. 11": _equation_11,
    "eq. 6": _equation_6,
    "weight R": _weight,
    "fusing": _fuse,
    "layers": _layers,
    "leaky ReLU": _slope,
    "> or >= in eq. 5": _equal,
    "FullGrad's scaling": _scaling,
    "corners": _corners,
    "ReLU": _relu,
}
"""Each function returns the answers that differ from what the spec says."""


def one_at_a_time(spec: MethodSpec, network: Network) -> list[Alternative]:
    """Return `spec` itself, and every reading of it that answers one question differently.

    Examples:
        >>> from methods import parse
        >>> [str(one.spec) for one in one_at_a_time(parse("random"), Network(stages=5, leaky=False))]
        ['random', 'random[corners=aligned]']
    """
    others = [
        Alternative(((question, answer),), other)
        for question, answers in QUESTIONS.items()
        for answer, other in answers(spec, network).items()
    ]
    return [Alternative((), spec), *others]


def every_combination(spec: MethodSpec, network: Network) -> list[Alternative]:
    """Return all combinations of answers to all questions, each spec once."""
    readings = {spec: Alternative((), spec)}
    for question, answers in QUESTIONS.items():
        for known in list(readings.values()):
            for answer, other in answers(known.spec, network).items():
                readings.setdefault(other, Alternative((*known.answers, (question, answer)), other))
    return list(readings.values())


def _read(spec: MethodSpec, **answers: str) -> MethodSpec:
    """Return `spec` with these options set."""
    return replace(spec, options=tuple(sorted((dict(spec.options) | answers).items())))


def _has_layers(spec: MethodSpec) -> bool:
    """Tell whether the method has maps of several layers, which are fused."""
    method = METHODS[spec.name]
    return (method.gradient_weighted or "biases" in method.reads) and (
        spec.layers in {"stages", "convs"} or "-S" in spec.layers
    )


def _goes_with(spec: MethodSpec, how: str) -> bool:
    """Tell whether the readings among the options of `spec` apply to the fusing `how`."""
    return all(how in READINGS[key].fuses for key, _ in spec.options if key in READINGS and READINGS[key].fuses)
