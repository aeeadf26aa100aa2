"""How figures are written to files: the same figure gives the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from results.errors import ResultError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".pdf", ".svg", ".jpg")
"""Kinds of picture files."""
# Without the date at which the file is made.
METADATA = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def check_picture(target: Path) -> Path:
    """Return `target` if its suffix is that of a kind of picture that can be written.

    Raises:
        ResultError: it is not.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise ResultError(f"{target} is no name of a picture: let it end in {', '.join(SUFFIXES)}")
    return target


def save(figure: Figure, target: Path, dpi: int = 150) -> Path:
    """Write a figure to a file; the file's folder is made.

    Args:
        figure: not used any more afterwards.
        target: the file; its suffix says which kind of picture it is.
        dpi: pixels in an inch, where the kind has pixels.

    Returns:
        `target`.

    Raises:
        ResultError: pictures of this suffix cannot be written.
    """
    return save_all(figure, [target], dpi)[0]


def save_all(figure: Figure, targets: list[Path], dpi: int = 150) -> list[Path]:
    """Write a figure to several files, as `save` does."""
    import matplotlib as mpl  # not above: a command checks the name of a picture before it needs matplotlib

    for target in targets:
        check_picture(target).parent.mkdir(parents=True, exist_ok=True)
        # Matplotlib derives the ids within an SVG file from this salt; without it they are random.
        with mpl.rc_context({"svg.hashsalt": "cam-bench"}):
            figure.savefig(target, dpi=dpi, metadata=METADATA.get(target.suffix.lower()))
        # All files get the layout of the first one, since to compute it takes longer than to write a file.
        figure.set_layout_engine("none")
    return targets
