"""The figure of IoU against time."""

from reports.pareto_figure import frontier


def test_the_frontier_holds_what_nothing_beats():
    assert frontier([(2, 5), (1, 3), (3, 5), (4, 9), (1, 2)]) == [(1, 3), (2, 5), (4, 9)]
