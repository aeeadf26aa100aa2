"""How pictures are written: of which kinds, and the same bytes whenever they are made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from results.errors import ResultError

SUFFIXES = (".png", ".pdf", ".svg", ".jpg")
"""Of the names of pictures."""
# No file says when it was made.
METADATA = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def check_picture(target: Path) -> Path:
    """Return `target` if its name says that it is a picture of a kind that can be written.

    Raises:
        ResultError: it does not.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise ResultError(f"{target} is no name of a picture: let it end in {', '.join(SUFFIXES)}")
    return target


def save(figure: Any, target: Path, dpi: int = 150) -> Path:
    """Write a figure of matplotlib and close it; the folder is made.

    Args:
        figure: of matplotlib.
        target: the file; its suffix says of which kind.
        dpi: pixels an inch, where the kind has pixels.

    Returns:
        `target`.

    Raises:
        ResultError: pictures of this suffix cannot be written.
    """
    return save_all(figure, [target], dpi)[0]


def save_all(figure: Any, targets: list[Path], dpi: int = 150) -> list[Path]:
    """Write a figure to several files, as `save` does, and close it."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    for target in targets:
        check_picture(target).parent.mkdir(parents=True, exist_ok=True)
        # Ids within an SVG file are drawn from the salt, and not at random.
        with mpl.rc_context({"svg.hashsalt": "cam-bench"}):
            figure.savefig(target, dpi=dpi, metadata=METADATA.get(target.suffix.lower()))
        # One layout serves all files: to find it takes longer than to write one.
        figure.set_layout_engine("none")
    plt.close(figure)
    return targets
