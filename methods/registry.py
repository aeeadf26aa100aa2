"""The methods that exist: one decorated function for each, and aliases for named combinations."""

from __future__ import annotations

import importlib.util
import inspect
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from methods.contract import Alias, FromEvidence, GradientWeighting, Method, Wrapper, Wrapping
from methods.errors import MethodError
from methods.open_questions import READINGS


@dataclass(frozen=True)
class Library:
    """Another library, which is imported when one of its methods is named, PREFIX:NAME.

    Attributes:
        prefix: of the names of its methods.
        package: its import name.
        project: its name in the package index.
        load: imports it and returns its methods, with the prefix in their names.
    """

    prefix: str
    package: str
    project: str
    load: Callable[[], Iterable[Method]]

    @property
    def usable(self) -> bool:
        """Whether the library can be imported, which is tried; if it cannot, a warning says why."""
        try:
            return bool(self.methods)
        except MethodError as error:
            warnings.warn(f"left out: {error}", stacklevel=2)
            return False

    @cached_property
    def methods(self) -> dict[str, Method]:
        """The library's methods by name; it is imported when they are first read.

        Raises:
            MethodError: it is not installed, or cannot be imported.
        """
        if importlib.util.find_spec(self.package) is None:
            raise MethodError(
                f"methods that begin with {self.prefix}: are those of {self.project}, which is not installed; "
                f"python -m pip install {self.project}"
            )
        try:
            return {method.name: method for method in self.load()}
        except Exception as error:
            raise MethodError(f"{self.project} cannot be imported: {type(error).__name__}: {error}") from error


class _Methods(dict[str, Method]):
    """All methods of the suite and of plug-ins; a method of a library is found by its name too, but not listed."""

    def __missing__(self, name: str) -> Method:
        return LIBRARIES[name.partition(":")[0]].methods[name]


METHODS: dict[str, Method] = _Methods()
LIBRARIES: dict[str, Library] = {}
ALIASES: dict[str, Alias] = {}
WRAPPERS: dict[str, Wrapper] = {}

Weighting = TypeVar("Weighting", bound=GradientWeighting)
Evidential = TypeVar("Evidential", bound=FromEvidence)
Load = TypeVar("Load", bound=Callable[[], Iterable[Method]])
Outer = TypeVar("Outer", bound=Wrapping)


def gradient_method(
    name: str, *, layers: str = "last", paper: str, additive: bool = False, remark: str = ""
) -> Callable[[Weighting], Weighting]:
    """Register a function of one layer's activation and gradient as a method.

    The function takes `activation` and `gradient`, both (B, K, h, w), and returns a raw map (B, h, w), whose negative
    values become 0 where layers are fused. Keyword-only parameters with defaults are options of the method. Layers,
    rules and fusing are none of its business.

    Args:
        name: in a spec.
        layers: the layer choice of specs that name none.
        paper: that has the equation.
        additive: whether the map is a sum over channels, to which each channel contributes by itself; it is then
            computed from a few channels at a time, which is faster.
        remark: how it departs from its paper by default, told under every table.

    Raises:
        MethodError: the name is taken by another function, or an option has no default that a spec can write.
    """

    def register(function: Weighting) -> Weighting:
        _claim(name)
        options = _options(name, function)
        METHODS[name] = Method(name, function, True, True, layers, paper, options, additive=additive, remark=remark)
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
    remark: str = "",
) -> Callable[[Evidential], Evidential]:
    """Register a function of the whole `EvidenceView` as a method.

    The function returns a raw map, (B, h, w) of any h x w, or such maps by layer. Options are as in `gradient_method`.

    Args:
        name: in a spec.
        layers: the layer choice of specs that name none.
        paper: that has the equation.
        rules: whether it reads gradients, through the view, so that gradient rules act on it.
        reads: what it needs beside layers: ``biases``, ``input``, ``guided``.
        passes: returns the number of forward passes that it makes for one image and a layer of so many channels.
        chance: whether it knows nothing of the defect.

        remark: how it departs from its paper, told under every table.

    Raises:
        MethodError: as in `gradient_method`.
    """

    def register(function: Evidential) -> Evidential:
        _claim(name)
        METHODS[name] = Method(
            name=name,
            compute=function,
            gradient_weighted=False,
            obeys_rules=rules,
            layers=layers,
            paper=paper,
            options=_options(name, function),
            reads=frozenset(reads),
            passes=passes,
            chance=chance,
            remark=remark,
        )
        return function

    return register


def alias(name: str, spec: str, *, paper: str = "") -> None:
    """Let `name` stand for the combination that the text `spec` describes.

    Args:
        name: in a spec.
        spec: short text of the combination.
        paper: where the combination is described; empty for none.

    Raises:
        MethodError: the name is taken.
    """
    _claim(name)
    ALIASES[name] = Alias(name, spec, paper)


def wrapper(name: str, *, paper: str, remark: str = "") -> Callable[[Outer], Outer]:
    """Register a function that applies any method to variants of the images; see `methods.contract.InnerMethod`.

    Args:
        name: before the colon in a spec.
        paper: that describes it.
        remark: how it departs from its paper, told under every table.

    Raises:
        MethodError: the name is taken.
    """

    def register(function: Outer) -> Outer:
        _claim(name)
        _claim_prefix(name)
        WRAPPERS[name] = Wrapper(name, function, paper, remark)
        return function

    return register


def library(prefix: str, package: str, project: str) -> Callable[[Load], Load]:
    """Register a function that imports a library and returns its methods; see `Library`.

    Raises:
        MethodError: the prefix is taken.
    """

    def register(load: Load) -> Load:
        _claim_prefix(prefix)
        LIBRARIES[prefix] = Library(prefix, package, project, load)
        return load

    return register


def library_of(text: str) -> str:
    """Return the prefix of the library to which the method named by `text` belongs; empty for the suite's own.

    Examples:
        >>> library_of("pgc:GradCAM"), library_of("sess:grad-cam")
        ('pgc', '')
    """
    prefix, colon, _ = text.partition(":")
    return prefix if colon and prefix in LIBRARIES else ""


def names(prefix: str = "") -> list[str]:
    """Return all names of methods and aliases with which a spec can begin, or those of the library with this prefix."""
    return [*LIBRARIES[prefix].methods] if prefix else [*METHODS, *ALIASES]


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


def _claim_prefix(prefix: str) -> None:
    if prefix in LIBRARIES or prefix in WRAPPERS:
        raise MethodError(f"the prefix {prefix}: is taken; give yours another")
