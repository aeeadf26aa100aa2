"""The figures of panels as files: SVG for the page, light and dark, and PDF and PNG for papers."""

from __future__ import annotations

from pathlib import Path

from reports.page.panels import Panel
from reports.saving import save_all

INK, LIGHT_INK = "#000000", "#e8e8ea"
PAPER, DARK_PAPER = "#fefefe", "#1b1c1f"
RULES, DARK_RULES = "#b0b0b0", "#55565c"
"""Colours of a light chart and of its dark twin: of text and axes, of the background, and of grid lines.

White is left to data."""


def write_chart(panel: Panel, folder: Path) -> None:
    """Write ``charts/NAME.svg``, its dark twin, ``figures/NAME.pdf`` and ``.png`` into the folder of the page."""
    name, figure = panel.name, panel.figure
    figure.set_facecolor(PAPER)
    for axis in figure.axes:
        axis.set_facecolor(PAPER)
    light, *_ = save_all(
        figure, [folder / "charts" / f"{name}.svg", *(folder / "figures" / f"{name}{end}" for end in (".pdf", ".png"))]
    )
    svg = light.read_text(encoding="utf-8")
    (folder / "charts" / f"{name}-dark.svg").write_text(darkened(svg), encoding="utf-8")


def darkened(svg: str) -> str:
    """Return a chart with the colours of text, background and grid for a dark page; those of data stay."""
    svg = svg.replace(INK, LIGHT_INK).replace(PAPER, DARK_PAPER).replace(RULES, DARK_RULES)
    # Glyphs have no colour of their own and would be black.
    return svg.replace("<svg ", f'<svg fill="{LIGHT_INK}" ', 1)
