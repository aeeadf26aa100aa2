"""The methods that exist: one decorated function each, and aliases for named combinations."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from torch import Tensor

from methods.contract import FromEvidence, GradientWeighting, Method
from methods.errors import MethodError
from methods.readings import READINGS

METHODS: dict[str, Method] = {}
ALIASES: dict[str, str] = {}
WRAPPERS: dict[str, Callable[..., Tensor]] = {}

Weighting = TypeVar("Weighting", bound=GradientWeighting)
Evidential = TypeVar("Evidential", bound=FromEvidence)


def gradient_method(name: str, *, layers: str = "last", paper: str) -> Callable[[Weighting], Weighting]:
    """Register a function of one layer's activation and gradient.

    The function takes `activation` and `gradient`, both (B, K, h, w), and returns a raw map (B, h, w), whose negative
    values are cut where layers are joined. Options are keyword-only parameters with defaults. It need not know of
    layers, rules or fusing.

    Raises:
        MethodError: the name is taken by another function, or an option has no default that a spec can write.
    """

    def register(function: Weighting) -> Weighting:
        _claim(name)
        METHODS[name] = Method(name, function, True, True, layers, paper, _options(name, function))
        return function

    return register


def evidence_method(
    name: str,
    *,
    layers: str = "last",
    paper: str,
    rules: bool = False,
    reads: Iterable[str] = (),
    passes: Callable[[int], int] | None = None,
    chance: bool = False,
) -> Callable[[Evidential], Evidential]:
    """Register a function of the whole `EvidenceView`; otherwise as `gradient_method`.

    Args:
        name: in a spec.
        layers: the layer choice where a spec names none.
        paper: where the equation is.
        rules: it reads gradients, through the view, so that gradient rules act on it.
        reads: what it needs beside layers: ``biases``, ``input``, ``guided``.
        passes: forward passes of its own for one image and a layer of so many channels.
        chance: it knows nothing of the defect.
    """

    def register(function: Evidential) -> Evidential:
        _claim(name)
        METHODS[name] = Method(
            name=name,
            compute=function,
            weighs_gradients=False,
            obeys_rules=rules,
            layers=layers,
            paper=paper,
            options=_options(name, function),
            reads=frozenset(reads),
            passes=passes,
            chance=chance,
        )
        return function

    return register


def alias(name: str, spec: str) -> None:
    """Let `name` stand for the combination that the text `spec` describes."""
    _claim(name)
    ALIASES[name] = spec


def names() -> list[str]:
    """Return every name that a spec can begin with: methods, then aliases."""
    return [*METHODS, *ALIASES]


def did_you_mean(name: str, known: list[str]) -> str:
    """Return a phrase that names the entries of `known` that are near to `name`, or all of them."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"


def _options(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    """Return the keyword-only parameters of `function` with their defaults."""
    parameters = inspect.signature(function).parameters.values()
    options = {one.name: one.default for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}
    for option, default in options.items():
        if not isinstance(default, bool | int | float | str):
            raise MethodError(f"the option {option} of {name} needs a default that is a number, a bool or a text")
        if option in READINGS:
            raise MethodError(f"the option {option} of {name} has the name of a reading; give it another")
    return options


def _claim(name: str) -> None:
    if not name or set(name) & set("/@[]=,: "):
        raise MethodError(f"a method cannot be called {name!r}: / @ [ ] = , : and blanks belong to specs")
    if name in METHODS or name in ALIASES:
        raise MethodError(f"there is a method called {name!r} already; give yours another name")
