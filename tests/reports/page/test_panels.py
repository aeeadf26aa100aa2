"""The registry of the page's panels."""

import pytest

from reports.page import write
from reports.page.panels import PANELS, Panel, panel
from reports.style import new_figure
from results.metrics.thresholds import ThresholdPolicy
from tests.helpers.page_runs import METHODS, make

OTSU = ThresholdPolicy("otsu")


@pytest.fixture
def registry():
    before = list(PANELS)
    yield
    PANELS[:] = before


def test_a_panel_is_on_the_page_once_it_is_registered(tmp_path, registry):
    @panel
    def methods(data):
        yield Panel("methods", "Number of <methods>", "A number.", "How many.", new_figure(1, 1))

    page = write(make(tmp_path), OTSU).parent
    html = (page / "index.html").read_text()
    assert html.count('id="panel-methods"') == 1
    assert html.index('id="panel-defect-free"') < html.index('id="panel-methods"') < html.index('id="status"')
    assert '<a href="#panel-methods">Number of &lt;methods&gt;</a>' in html
    assert '<img src="charts/methods.svg" alt="A number."' in html
    for name in ("charts/methods.svg", "charts/methods-dark.svg", "figures/methods.pdf", "figures/methods.png"):
        assert (page / name).is_file()


def test_a_panel_that_the_run_has_no_data_for_is_not_on_the_page(tmp_path, registry):
    @panel
    def nothing(data):
        yield from ()

    html = (write(make(tmp_path, kinds=["pit"] * 4), OTSU)).read_text()
    assert all(f'id="panel-{name}"' not in html for name in ("nothing", "delta", "timing", "kind"))
    assert all(f'id="panel-{name}"' in html for name in ("thresholds", "precision-recall", "defect-free"))


def test_panels_of_curves_describe_what_they_show(tmp_path):
    html = write(make(tmp_path), OTSU).read_text()
    assert f"Lines of IoU against the threshold. {len(METHODS) + 1} panels, one for each method" in html
