"""What the tests of reports share."""

import pytest
from matplotlib.figure import Figure

from results.metrics.formulas import METRICS, metric, ratio


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


@pytest.fixture
def specificity():
    """A metric that is registered for the time of a test, and nothing else is told of it."""

    @metric("specificity", label="Specificity", higher_is_better=True)
    def specificity(counts):
        """Share of the other pixels that are not predicted positive.

        This is no part of what the metric means in one line.
        """
        return ratio(counts.tn, counts.tn + counts.fp)

    yield
    del METRICS["specificity"]
