"""What was probably meant by a name that does not exist."""

from __future__ import annotations

import difflib


def did_you_mean(name: str, known: list[str]) -> str:
    """Return a phrase that names the entries of `known` that are similar to `name`, or all of them.

    >>> did_you_mean("grad-cma", ["grad-cam", "random"])
    'did you mean grad-cam?'
    >>> did_you_mean("x", ["grad-cam", "random"])
    'there are grad-cam, random'
    """
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
