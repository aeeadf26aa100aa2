"""What was probably meant by a name that does not exist.

`datasets` has a phrase of its own: it imports nothing of this package, nor this package anything of it.
"""

from __future__ import annotations

import difflib


def did_you_mean(name: str, known: list[str]) -> str:
    """Return a phrase that names the entries of `known` that are similar to `name`, or all of them.

    Examples:
        >>> did_you_mean("grad-cma", ["grad-cam", "every-pixel"])
        'did you mean grad-cam?'
        >>> did_you_mean("x", ["grad-cam", "every-pixel"])
        'there are grad-cam, every-pixel'
    """
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
