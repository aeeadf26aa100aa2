"""How all figures look: one palette, one colormap for heatmaps, one way to begin a figure."""

from __future__ import annotations

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY_BLUE, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#000000"
"""The palette of Okabe and Ito (2008), whose colours are told apart with every kind of colour vision."""
PALE, GREY, DARK = "0.75", "0.55", "0.35"
"""Greys: of lines behind others, of what is no result, and of small text."""
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY_BLUE, BLACK)
"""Colours of lines in one panel, in their order; without the yellow, which cannot be seen on white paper."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Of the same lines: one more than colours, so that a pair of both comes back after 56 lines only."""
HEATMAP = "viridis"
"""Colormap of heatmaps and of matrices; its lightness rises with the value."""


def new_figure(width: float, height: float, *, layout: str = "constrained") -> Figure:
    """Return an empty figure.

    It is none of pyplot's, so that a program or a notebook which draws reports keeps its own figures and backend.

    Args:
        width: in inches.
        height: in inches.
        layout: name of matplotlib's layout engine, or ``none``.
    """
    figure = Figure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]
    FigureCanvasAgg(figure)
    return figure


def open_frame(axis: Any) -> None:
    """Leave only the axes themselves of the frame around a panel."""
    axis.spines[["top", "right"]].set_visible(False)


def no_frame(axis: Any) -> None:
    """Leave nothing around a picture: neither ticks nor a frame."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
