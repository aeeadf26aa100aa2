"""The page in a real browser, opened from disk."""

import io
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from reports.page import write
from results.metrics.thresholds import ThresholdPolicy
from results.statistics.breakdown import image_table, row_iou
from results.store.run_store import RunStore
from tests.helpers.chromium import Browser, needs_chromium
from tests.helpers.page_runs import BAD, METHODS, ODD, make, mask

OTSU = ThresholdPolicy("otsu")
SHOWN = [ODD, "a/0", "b/2"]
"""The images of the first page, in the order of their names as files."""
PAINTED = "return document.querySelectorAll('canvas[data-positives]').length === 9"
MARKED = "return [...document.querySelectorAll('canvas[data-positives]')].map((one) => Number(one.dataset.positives))"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(run):
    needs_chromium()
    return write(run, OTSU)


@pytest.fixture(scope="module")
def browser(page):
    opened = Browser()
    yield opened
    opened.driver.quit()


@pytest.fixture
def opened(browser, page):
    """The page, freshly opened; whatever the console says, and whatever is asked for elsewhere, fails the test."""
    browser.said, browser.asked = [], []
    browser.open(page)
    browser.wait(PAINTED)
    yield browser
    browser.gather()
    assert browser.said == []
    own = page.parent.resolve().as_uri()
    assert [url for url in browser.asked if not url.startswith((own, "data:"))] == []
    assert len(browser.asked) > 5


def column(browser, number):
    return browser.run(
        "const rows = [...document.querySelectorAll('.sortable tbody tr')];"
        "return rows.map((row) => row.cells[arguments[0]].dataset.value)",
        number,
    )


def slide(browser, name, value):
    browser.run(
        "const one = document.getElementById(arguments[0]); one.value = arguments[1];"
        "one.dispatchEvent(new Event('input', {bubbles: true}))",
        name,
        value,
    )
    # Painting waits for the next frame.
    browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def test_a_click_on_a_heading_sorts_and_another_one_turns_round(opened):
    before = column(opened, 0)
    button = "document.querySelectorAll('.sortable thead button')[1].click();"
    opened.run(button)
    falling = column(opened, 1)
    assert falling == sorted(falling, key=float, reverse=True)
    assert column(opened, 0) != before
    assert opened.run("return document.querySelectorAll('.sortable th')[1].getAttribute('aria-sort')") == "descending"
    opened.run(button)
    assert column(opened, 1) == falling[::-1]
    opened.run("document.querySelectorAll('.sortable thead button')[0].click()")
    assert column(opened, 0) == sorted(before)


def test_what_has_no_number_is_sorted_to_the_end(opened):
    # Failed everywhere, so its precision is 0/0.
    for _ in range(2):
        opened.run("document.querySelectorAll('.sortable thead button')[3].click()")
        assert column(opened, 0)[-1] == "cam"


def test_columns_are_hidden_and_shown(opened):
    hidden = "return document.querySelector('.sortable').rows[1].cells[3].hidden"
    assert not opened.run(hidden)
    opened.run("document.querySelector('#columns input[data-column=\"3\"]').click()")
    assert opened.run(hidden)


def test_at_first_every_map_is_cut_as_it_was_scored(opened, run):
    table = image_table(RunStore(run).cells(), OTSU)
    cut = table.set_index(["image", "spec"])["threshold"]
    shown = [(image, method) for image in SHOWN for method in METHODS]
    for label, (image, method) in zip(labels(opened), shown, strict=True):
        assert f"Heatmap of {method} on {image}, cut at level {cut[image, method]} of 255; IoU" in label
    assert opened.run(MARKED) == [int((levels_of(run, *one) > cut[one]).sum()) for one in shown]


def test_the_slider_moves_the_contours_of_every_map(opened, run):
    drawn = contours(opened)
    for threshold in (20, 250):
        slide(opened, "threshold", threshold)
        shown = [(image, method) for image in SHOWN for method in METHODS]
        assert opened.run(MARKED) == [int((levels_of(run, *one) > threshold).sum()) for one in shown]
        assert contours(opened) != drawn
        drawn = contours(opened)
        assert all(f"cut at level {threshold} of 255" in label for label in labels(opened))
    assert not opened.run("return document.getElementById('own').checked")


def test_the_iou_under_a_map_is_that_of_its_contour(opened, run):
    slide(opened, "threshold", 100)
    marked, true = levels_of(run, SHOWN[0], METHODS[0]) > 100, mask() > 0
    iou = (marked & true).sum() / (marked | true).sum()
    caption = opened.run("return document.querySelectorAll('.map figcaption')[1].textContent")
    assert caption == f"{METHODS[0]}: IoU\u00a0{100 * iou:.1f}\u00a0%"


def test_the_opacity_changes_the_colours_and_not_the_contour(opened):
    marked, drawn = opened.run(MARKED), contours(opened)
    slide(opened, "opacity", 5)
    assert opened.run(MARKED) == marked
    assert contours(opened) != drawn


def test_a_method_that_failed_says_so_in_words(opened):
    slide(opened, "threshold", 100)
    captions = opened.run("return [...document.querySelectorAll('.map figcaption')].map((one) => one.textContent)")
    assert f"cam: failed: {BAD}" in captions


def test_names_of_files_are_no_text_of_the_page(opened):
    assert opened.run("return document.querySelector('#images h3').textContent") == f"{ODD} (scratch)"
    assert opened.run("return document.querySelectorAll('img[src=x], main script').length") == 0


def test_the_images_are_ordered_by_how_well_one_method_does(opened, run):
    table = image_table(RunStore(run).cells(), OTSU)
    rows = table[(table["spec"] == "layer-cam") & (table["defect"] > 0)]
    best = rows.assign(iou=row_iou(rows)).sort_values("iou")["image"].tolist()
    opened.run("document.getElementById('method').value = 2")
    for order, expected in (("worst", best), ("best", best[::-1])):
        opened.run("document.getElementById('order').value = arguments[0]", order)
        slide(opened, "order", order)
        opened.wait(PAINTED)
        assert names(opened) == expected[:3]


def test_images_and_methods_are_chosen_and_pages_turned(opened):
    assert names(opened) == SHOWN
    opened.run("document.getElementById('next').click()")
    opened.wait("return document.querySelectorAll('canvas[data-positives]').length === 3")
    assert names(opened) == ["c/3"]
    slide(opened, "named", "pit")
    opened.wait("return document.querySelectorAll('canvas[data-positives]').length === 6")
    assert names(opened) == ["a/0", "b/2"]
    opened.run("document.getElementById('none').click(); document.getElementById('method-1').click()")
    opened.wait("return document.querySelectorAll('canvas[data-positives]').length === 2")


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (400, False), (400, True)])
def test_the_page_is_not_blank_and_not_wider_than_the_screen(opened, page, width, dark):
    opened.open(page, width=width, dark=dark)
    opened.wait(PAINTED)
    assert opened.run("return document.documentElement.scrollWidth") <= width
    with Image.open(io.BytesIO(opened.picture())) as picture:
        assert picture.width == width
        pixels = np.asarray(picture.convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1000
    assert (pixels[0, 0] < 128).all() == dark


def test_all_controls_are_reached_by_the_keyboard_and_have_names(opened):
    unnamed = opened.run(
        "return [...document.querySelectorAll('button, input, select, a')].filter((one) => one.tabIndex < 0 ||"
        " !(one.textContent.trim() || one.labels?.[0]?.textContent.trim())).length"
    )
    assert unnamed == 0
    assert opened.run("return [...document.images].every((one) => one.hasAttribute('alt'))")


def levels_of(run, image, method):
    with Image.open(run / "gallery" / quote(image, safe="") / f"{quote(method, safe='')}.png") as picture:
        return np.asarray(picture)


def names(browser):
    return browser.run(
        "return [...document.querySelectorAll('#images h3')].map((one) => one.textContent.replace(/ \\(.*/, ''))"
    )


def contours(browser):
    return browser.run("return [...document.querySelectorAll('canvas[data-positives]')].map((one) => one.toDataURL())")


def labels(browser):
    return browser.run("return [...document.querySelectorAll('canvas[data-positives]')].map((one) => one.ariaLabel)")
