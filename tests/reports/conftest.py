"""What the tests of figures share."""

import pytest
from matplotlib.figure import Figure


@pytest.fixture
def figures(monkeypatch):
    """The figures that are written, each once, for a look at them."""
    kept = []
    write = Figure.savefig

    def watched(figure, *arguments, **options):
        if figure not in kept:
            kept.append(figure)
        return write(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", watched)
    return kept
