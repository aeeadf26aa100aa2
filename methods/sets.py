"""Names that stand for sets of methods."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

from methods.errors import MethodError
from methods.registry import ALIASES, LIBRARIES, METHODS, names
from methods.spec import MethodSpec, parse

PLUG_IN_ROWS = ("layer-cam+fgbp", "full-grad+fgbp")
OWN_PAPER_ROWS = ("layer-cam/stages=tanh",)
"""Methods as their own papers join stages, where tables of the papers by Dong et al. sum them."""
WRAPPED_ROWS = ("sess:grad-cam", "nff:layer-cam")
PAPER_ROWS = (
    "grad-cam", "grad-cam++", "xgrad-cam", "ablation-cam", "score-cam", "layer-cam", *OWN_PAPER_ROWS, "full-grad",
    "lt-grad-cam", "lt-full-grad", "ra-cam", *PLUG_IN_ROWS,
)  # fmt: skip
"""The rows of the tables of the LTGrad-CAM and the RA-CAM paper, and LayerCAM as its own paper has it."""
FACTORIAL = (
    ("grad-cam", "layer-cam", "hires-cam"),
    ("/last", "/stages=sum", "/stages=minmax"),
    ("", "+lt", "+fgbp", "+fgbp+lt"),
)
"""The parts of specs that are combined; with a single layer, all ways of fusing give the same map up to its scale."""


def _exists(text: str) -> bool:
    return re.split("[+/]", text, maxsplit=1)[0] in names() or text in names()


def _every_one() -> list[str]:
    chance = [name for name, method in METHODS.items() if method.chance]
    informed = [name for name in names() if name not in chance]
    return [*informed, *filter(_exists, PLUG_IN_ROWS), *OWN_PAPER_ROWS, *WRAPPED_ROWS, *chance]


def _gradient() -> list[str]:
    weighted = [name for name, method in METHODS.items() if method.gradient_weighted]
    return [*weighted, *(name for name in ALIASES if parse(name).name in weighted)]


def _factorial() -> list[str]:
    return ["".join(parts) for parts in product(*FACTORIAL)]


def _references() -> list[str]:
    usable = [prefix for prefix, library in LIBRARIES.items() if library.usable]
    if not usable:
        projects = " ".join(library.project for library in LIBRARIES.values())
        raise MethodError(f"references: none of the libraries can be used; python -m pip install {projects}")
    return [name for prefix in usable for name in names(prefix)]


SETS: dict[str, Callable[[], list[str]]] = {
    "all": _every_one,
    "gradient": _gradient,
    "factorial": _factorial,
    "references": _references,
    "everything": lambda: [*_every_one(), *_references()],
    "paper": lambda: list(filter(_exists, PAPER_ROWS)),
}


def split_list(text: str) -> list[str]:
    """Return the parts of a comma-separated list; commas between brackets belong to the options of a spec.

    Examples:
        >>> split_list("grad-cam, ra-cam[kept=mean,corners=aligned]")
        ['grad-cam', 'ra-cam[kept=mean,corners=aligned]']
    """
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def select(text: str) -> list[MethodSpec]:
    """Return the specs that a comma-separated list of sets and specs names, each once, in order.

    Raises:
        MethodError: a spec cannot be read.

    Examples:
        >>> [str(spec) for spec in select("ra-cam, grad-cam/S2-S4, ra-cam@50")]
        ['ra-cam@50', 'grad-cam/S2-S4']
    """
    chosen: dict[MethodSpec, None] = {}
    for part in split_list(text):
        for one in SETS[part]() if part in SETS else [part]:
            chosen[parse(one)] = None
    return list(chosen)
