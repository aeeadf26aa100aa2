"""The names that stand for several methods on the command line."""

from __future__ import annotations

from collections.abc import Callable

from methods.registry import ALIASES, METHODS, names
from methods.spec import MethodSpec, parse, split_list

PLUG_IN_ROWS = ("layer-cam+fgbp", "full-grad+fgbp")
PAPER_ROWS = (
    "grad-cam", "grad-cam++", "xgrad-cam", "ablation-cam", "score-cam", "layer-cam", "full-grad",
    "lt-grad-cam", "lt-full-grad", "ra-cam", *PLUG_IN_ROWS,
)  # fmt: skip
"""The rows of the tables of the LTGrad-CAM and the RA-CAM paper."""


def _exists(text: str) -> bool:
    return text.split("+", maxsplit=1)[0] in names() or text in names()


def _every_one() -> list[str]:
    chance = [name for name, method in METHODS.items() if method.chance]
    informed = [name for name in names() if name not in chance]
    return [*informed, *filter(_exists, PLUG_IN_ROWS), *chance]


def _gradient() -> list[str]:
    weighed = [name for name, method in METHODS.items() if method.weighs_gradients]
    return [*weighed, *(name for name in ALIASES if parse(name).name in weighed)]


SETS: dict[str, Callable[[], list[str]]] = {
    "all": _every_one,
    "gradient": _gradient,
    "paper": lambda: list(filter(_exists, PAPER_ROWS)),
}


def select(text: str) -> list[MethodSpec]:
    """Return the specs that a comma-separated list of sets and specs names, each once, in order.

    Raises:
        MethodError: a spec cannot be read.
    """
    chosen: dict[MethodSpec, None] = {}
    for part in split_list(text):
        for one in SETS[part]() if part in SETS else [part]:
            chosen[parse(one)] = None
    return list(chosen)
