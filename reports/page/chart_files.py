"""Figures as files: SVG in light and dark for the page, PDF and PNG for papers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from reports.saving import save_all

INK, LIGHT_INK = "#000000", "#e8e8ea"
PAPER, DARK_PAPER = "#fefefe", "#1b1c1f"
RULES, DARK_RULES = "#b0b0b0", "#55565c"
"""Colours of a light chart, and of its dark twin: of text and axes, of the ground, and of grids.

White is left to data."""


@dataclass(frozen=True)
class Drawing:
    """A chart of the page: its name within the folder, a title, what it shows for who cannot see it, and a caption."""

    name: str
    title: str
    alternative: str
    caption: str


def keep(figure: Figure, drawing: Drawing, folder: Path) -> Drawing:
    """Write a figure as ``charts/NAME.svg``, its dark twin, and ``figures/NAME.pdf`` and ``.png``; close it.

    Args:
        figure: of matplotlib.
        drawing: its name.
        folder: of the page.

    Returns:
        `drawing`.
    """
    name = drawing.name
    figure.set_facecolor(PAPER)
    for axis in figure.axes:
        axis.set_facecolor(PAPER)
    light, *_ = save_all(
        figure, [folder / "charts" / f"{name}.svg", *(folder / "figures" / f"{name}{end}" for end in (".pdf", ".png"))]
    )
    svg = light.read_text(encoding="utf-8")
    (folder / "charts" / f"{name}-dark.svg").write_text(darkened(svg), encoding="utf-8")
    return drawing


def darkened(svg: str) -> str:
    """Return a chart with the colours of text, ground and grids for a dark page; those of data stay."""
    svg = svg.replace(INK, LIGHT_INK).replace(PAPER, DARK_PAPER).replace(RULES, DARK_RULES)
    # Glyphs have no colour of their own and would be black.
    return svg.replace("<svg ", f'<svg fill="{LIGHT_INK}" ', 1)
