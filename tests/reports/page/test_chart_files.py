"""The charts of the page as files."""

from reports.page.chart_files import DARK_PAPER, INK, PAPER, darkened


def test_dark_charts_keep_the_colours_of_data():
    svg = f'<svg a="1"><path style="fill: {PAPER}; stroke: {INK}"/><path style="fill: #ffffff; stroke: #0072b2"/></svg>'
    dark = darkened(svg)
    assert DARK_PAPER in dark
    assert INK not in dark
    assert "#ffffff; stroke: #0072b2" in dark
