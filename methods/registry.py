"""The methods that exist: one decorated function each, and aliases for named combinations."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor

from methods.contract import Method
from methods.errors import MethodError

METHODS: dict[str, Method] = {}
ALIASES: dict[str, str] = {}
WRAPPERS: dict[str, Callable[..., Tensor]] = {}

Function = TypeVar("Function", bound=Callable[..., Tensor])


def gradient_method(name: str, *, layers: str = "last", paper: str) -> Callable[[Function], Function]:
    """Register a function of one layer's activation and gradient.

    The function takes `activation` and `gradient`, both (B, K, h, w), and returns a raw non-negative map
    (B, h, w). Options are keyword-only parameters with defaults. It need not know of layers, rules or fusing.

    Raises:
        MethodError: the name is taken by another function, or an option has no default that a spec can write.
    """
    return _register(name, weighs_gradients=True, layers=layers, paper=paper, chance=False)


def evidence_method(
    name: str, *, layers: str = "last", paper: str, chance: bool = False
) -> Callable[[Function], Function]:
    """Register a function of the whole `EvidenceView`; otherwise as `gradient_method`."""
    return _register(name, weighs_gradients=False, layers=layers, paper=paper, chance=chance)


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


def _register(
    name: str, *, weighs_gradients: bool, layers: str, paper: str, chance: bool
) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        _claim(name)
        METHODS[name] = Method(name, function, weighs_gradients, layers, paper, _options(name, function), chance)
        return function

    return register


def _options(name: str, function: Callable[..., Tensor]) -> dict[str, Any]:
    """Return the keyword-only parameters of `function` with their defaults."""
    parameters = inspect.signature(function).parameters.values()
    options = {one.name: one.default for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}
    for option, default in options.items():
        if not isinstance(default, bool | int | float | str):
            raise MethodError(f"the option {option} of {name} needs a default that is a number, a bool or a text")
    return options


def _claim(name: str) -> None:
    if not name or set(name) & set("/@[]=,: "):
        raise MethodError(f"a method cannot be called {name!r}: / @ [ ] = , : and blanks belong to specs")
    if name in METHODS or name in ALIASES:
        raise MethodError(f"there is a method called {name!r} already; give yours another name")
