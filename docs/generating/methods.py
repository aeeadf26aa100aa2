"""A page for each method, each alias and each wrapper that is registered, and one that lists them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.generating.baselines import baselines
from docs.generating.pictures import draw
from docs.generating.subject import subject
from docs.generating.writing import write_page
from methods import METHODS, NotApplicableError, parse
from methods.adapters.counterparts import COUNTERPARTS
from methods.registry import ALIASES, WRAPPERS
from methods.sets import select


@dataclass(frozen=True)
class Page:
    """What one page is about.

    Attributes:
        name: of a method, an alias or a wrapper.
        spec: the method without further choices; of a wrapper, around the method that it is evaluated with.
        beside: specs that are shown beside it, short texts.
        function: the one whose docstring holds the equation.
        paper: where the equation is.
        stands_for: of an alias, the spec; empty for the others.
        wraps: the page is about a wrapper.
    """

    name: str
    spec: str
    beside: tuple[str, ...]
    function: Callable[..., Any]
    paper: str
    stands_for: str = ""
    wraps: bool = False

    @property
    def file(self) -> str:
        """Name of the page's file."""
        return file_of(self.name)

    @property
    def summary(self) -> str:
        """First sentence of the docstring."""
        return inspect.cleandoc(self.function.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def file_of(name: str) -> str:
    """Return the name of the file of the page about a method, an alias or a wrapper."""
    return f"{name.replace('+', '-plus')}.md"


def pages() -> list[Page]:
    """Return a page for each method, then each alias, then each wrapper."""
    return [*_of_methods(), *_of_aliases(), *_of_wrappers()]


def write_methods(folder: Path) -> None:
    """Write the page of each method, and the page that lists all, into ``methods/``."""
    work = {page.name: write_method(page, folder) for page in pages()}
    write_page(folder / "methods" / "index.md", "methods.md", pages=pages(), work=work, baselines=baselines())


def write_method(page: Page, folder: Path) -> float | None:
    """Write one page and its picture into ``methods/``, and return the method's work; None where it has no answer."""
    answering = [spec for spec in (page.spec, *page.beside) if _has_answer(spec)]
    picture = Path("pictures") / Path(page.file).with_suffix(".png")
    if answering:
        draw(folder / "methods" / picture, answering)
    work = subject().work(page.spec) if page.spec in answering else None
    values = _facts(page) | {"page": page, "work": work, "picture": picture if answering else None}
    write_page(folder / "methods" / page.file, "method.md", **values)
    return work


def _of_methods() -> Iterator[Page]:
    evaluated = select("all")
    for name, method in METHODS.items():
        spec = parse(name)
        others = tuple(str(one) for one in evaluated if one.name == name and one != spec)
        yield Page(name, str(spec), others, method.compute, method.paper)


def _of_aliases() -> Iterator[Page]:
    for alias in ALIASES.values():
        spec = parse(alias.name)
        function = METHODS[spec.name].compute
        yield Page(alias.name, str(spec), (spec.name,), function, alias.paper, stands_for=alias.spec)


def _of_wrappers() -> Iterator[Page]:
    evaluated = select("all")
    for name, wrapper in WRAPPERS.items():
        spec = next((one for one in evaluated if one.wrapper == name), parse(f"{name}:grad-cam"))
        yield Page(name, str(spec), (spec.name,), wrapper.compute, wrapper.paper, wraps=True)


def _facts(page: Page) -> dict[str, Any]:
    """Return what the template needs beside the page itself."""
    specs = {page.spec, *page.beside}
    method = METHODS[parse(page.spec).name]
    return {
        "method": method,
        "aliases": [name for name in ALIASES if parse(name).name == page.name],
        "base": file_of(method.name),
        "identifier": f"{page.function.__module__}.{page.function.__qualname__}",
        "scores": [(baseline, baseline.of(specs)) for baseline in baselines()],
        "counterparts": [one for one in COUNTERPARTS if parse(one.own).name == page.name or one.own == page.spec],
        "file_of": file_of,
    }


def _has_answer(spec: str) -> bool:
    try:
        subject().heatmaps(spec)
    except NotApplicableError:
        return False
    return True
